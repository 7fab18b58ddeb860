"""What a finite job works on."""

import itertools
from datetime import UTC, datetime

import pytest

from libs.events import (
    RemuxParams,
    Segment,
    SegmentPage,
    SessionRange,
    StoryboardParams,
    TrackRange,
)
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, write_chunk
from libs.media.cmaf_reader import read_chunks
from services.transcoder.material import Material, MaterialUnfit
from tests.unit.libs.media.test_cmaf import audio_samples, video_samples

SESSION = "00000000-00000000"
LATER = "00000001-00000000"


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
    for part in itertools.chain(*material.feeds(store)):
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


def with_times(segment: Segment, session: str, *, start_s: float, sound_s: float) -> Segment:
    """Two seconds of picture and `sound_s` of sound, in the ticks that real tracks have."""
    scales, lengths = {"video": 90_000, "audio": 48_000}, {"video": 2.0, "audio": sound_s}
    tracks = [
        track.model_copy(
            update={
                "timescale": scales[track.kind],
                "dts": round(start_s * scales[track.kind]),
                "duration": round(lengths[track.kind] * scales[track.kind]),
            }
        )
        for track in segment.tracks
    ]
    moved = {"session": session, "start_ms": round(start_s * 1000), "tracks": tuple(tracks)}
    return segment.model_copy(update=moved)


class Chunks(Store):
    """Each object begins at 10 s of its session."""

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        if "init" in key:
            return b"init"
        if size == 1000:
            return write_chunk(VIDEO_TRACK_ID, 1, 900_000, video_samples())
        return write_chunk(AUDIO_TRACK_ID, 1, 480_000, audio_samples())


async def test_session_begins_in_the_file_where_the_sound_of_the_one_before_ends() -> None:
    first = with_times(row(1), SESSION, start_s=300, sound_s=2.02)
    second = with_times(row(7), LATER, start_s=10, sound_s=2.0)
    material = Material([first, second])
    assert material.span_s == pytest.approx(4.02)
    assert material.missing == 0
    video, audio = [[await part() for part in parts[1:]] for parts in material.feeds(Chunks())]
    assert [next(iter(read_chunks(part))).decode_time for part in video] == [
        900_000, round(302.02 * 90_000)
    ]  # fmt: skip
    assert next(iter(read_chunks(audio[1]))).decode_time == round(302.02 * 48_000)


async def test_ranges_of_several_sessions_are_gathered_in_order() -> None:
    asked: list[str] = []

    async def pages(wanted: SessionRange, after: int | None) -> SegmentPage:
        asked.append(wanted.session)
        found = [with_times(row(msn), wanted.session, start_s=10, sound_s=2) for msn in (5, 6, 8)]
        return SegmentPage(segments=tuple(each for each in found if each.msn > (after or 0)))

    then = SessionRange(session=LATER, first_msn=6, last_msn=8)
    wanted = RemuxParams(session=SESSION, first_msn=5, last_msn=6, then=(then,))
    material = await Material.gather(wanted, pages)
    assert [(each.session, each.msn) for each in material.rows] == [
        (SESSION, 5), (SESSION, 6), (LATER, 6), (LATER, 8)
    ]  # fmt: skip
    assert (asked, material.missing) == ([SESSION, LATER], 1)


async def test_track_that_begins_later_is_taken_along() -> None:
    material = Material([row(1, has_video=False), row(2)])
    video, audio = material.feeds(Store())
    assert (material.kinds, len(video), len(audio)) == (["video", "audio"], 2, 3)


async def test_storyboard_takes_what_changes() -> None:
    pages = Pages(row(1), row(2, video="c" * 12))
    material = await Material.gather(StoryboardParams(session=SESSION), pages)
    assert len(material.rows) == 2
