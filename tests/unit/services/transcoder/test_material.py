"""What a finite job works on."""

from datetime import UTC, datetime

import pytest

from libs.events import RemuxParams, Segment, SegmentPage, SessionRange, TrackRange
from services.transcoder.material import Material, MaterialUnfit

SESSION = "00000000-00000000"


def row(msn: int, *, video: str = "a" * 12, has_video: bool = True) -> Segment:
    kinds = [("video", video, 1000)] * has_video + [("audio", "b" * 12, 200)]
    tracks, offset = [], 0
    for kind, config, size in kinds:
        tracks.append(
            TrackRange(
                kind="video" if kind == "video" else "audio", offset=offset, size_bytes=size,
                dts=0, pts=0, duration=1, timescale=1, samples=50, config_id=config,
            )
        )  # fmt: skip
        offset += size
    return Segment(
        tenant="default", stream="cam", session=SESSION, rendition="source", msn=msn,
        object_key=f"segments/default/cam/{SESSION}/source/{msn}.m4s", offset=7,
        size_bytes=offset, sha256="0" * 64, tracks=tuple(tracks), start_ms=10_000 + 2000 * msn,
        duration_s=2.0, starts_at=datetime(2026, 1, 1, tzinfo=UTC), is_independent=True,
        discontinuity_sequence=0, generation=1, epoch=1, first_tag=0, last_tag=1,
    )  # fmt: skip


class Pages:
    """A catalog with pages of two rows."""

    def __init__(self, *rows: Segment) -> None:
        self.rows = rows
        self.asked: list[int | None] = []

    async def __call__(self, wanted: SessionRange, after: int | None) -> SegmentPage:
        self.asked.append(after)
        found = [row for row in self.rows if after is None or row.msn > after]
        page = found[:2]
        more = page[-1].msn if len(found) > 2 else None
        return SegmentPage(segments=tuple(page), next_after=more)


class Store:
    def __init__(self) -> None:
        self.read: list[tuple[str, int, int | None]] = []

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        self.read.append((key.rpartition("/")[2], offset, size))
        return b"x"


async def test_range_is_gathered_by_pages_and_no_further() -> None:
    pages = Pages(*(row(msn) for msn in range(9)))
    wanted = RemuxParams(session=SESSION, first_msn=2, last_msn=5)
    material = await Material.gather(wanted, pages)
    assert [row.msn for row in material.rows] == [2, 3, 4, 5]
    assert pages.asked == [1, 3]
    assert (material.base_ms, material.duration_s, material.frames) == (14_000, 8.0, 200)


async def test_hole_in_the_range_counts_for_the_time_and_not_for_the_work() -> None:
    material = await Material.gather(RemuxParams(session=SESSION), Pages(row(1), row(5)))
    assert (material.span_s, material.duration_s) == (10.0, 4.0)


async def test_each_track_is_its_configuration_and_its_ranges() -> None:
    material, store = Material([row(1), row(2, has_video=False)]), Store()
    for kind in ("video", "audio"):
        for part in material.parts(kind, store):
            await part()
    assert store.read == [
        ("init-aaaaaaaaaaaa.mp4", 0, None),
        ("1.m4s", 7, 1000),
        ("init-bbbbbbbbbbbb.mp4", 0, None),
        ("1.m4s", 1007, 200),
        ("2.m4s", 7, 200),
    ]


async def test_change_of_codec_is_refused_with_its_place() -> None:
    with pytest.raises(MaterialUnfit, match="segment 2"):
        await Material.gather(RemuxParams(session=SESSION), Pages(row(1), row(2, video="c" * 12)))


async def test_range_that_is_gone_is_refused() -> None:
    with pytest.raises(MaterialUnfit):
        await Material.gather(RemuxParams(session=SESSION, last_msn=3), Pages(row(4)))
