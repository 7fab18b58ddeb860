"""What a finite job works on: a range of a session's rows, each track a fragmented MP4."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from libs.errors import Invalid
from libs.events import Segment, SegmentPage, SessionRange, TrackRange

PAGE = 500

ListRows = Callable[[SessionRange, int | None], Awaitable[SegmentPage]]
"""The rows of a range's rendition behind an MSN (None: from the first), a page of them."""
Part = Callable[[], Awaitable[bytes]]


class Store(Protocol):
    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes: ...


class MaterialUnfit(Invalid):
    """No other try can do better."""

    code = "material_unfit"


class Material:
    def __init__(self, rows: Sequence[Segment]) -> None:
        self.rows = rows
        self.kinds = [track.kind for track in rows[0].tracks]
        self.base_ms = rows[0].start_ms
        self.duration_s = sum(row.duration_s for row in rows)
        self.span_s = (rows[-1].start_ms - rows[0].start_ms) / 1000 + rows[-1].duration_s
        """With the holes in it."""
        self.frames = sum(
            track.samples for row in rows for track in row.tracks if track.kind == "video"
        )
        self.size_bytes = sum(row.size_bytes for row in rows)

    @classmethod
    async def gather(cls, wanted: SessionRange, list_rows: ListRows) -> "Material":
        """Raises `MaterialUnfit`, and what the catalog answers."""
        last = wanted.last_msn if wanted.last_msn is not None else 2**53
        after = None if wanted.first_msn is None else wanted.first_msn - 1
        rows: list[Segment] = []
        while True:
            page = await list_rows(wanted, after)
            rows += [row for row in page.segments if row.msn <= last]
            after = page.next_after
            if after is None or after >= last:
                break
        if not rows:
            raise MaterialUnfit("The range has no segments any more.")
        _check(rows)
        return cls(rows)

    def parts(self, kind: str, store: Store) -> list[Part]:
        """One track: its configuration, then its range of each row."""
        init = next(track.config_id for track in self.rows[0].tracks if track.kind == kind)
        folder = self.rows[0].object_key.rpartition("/")[0]

        def read(row: Segment, track: TrackRange) -> Part:
            offset = row.offset + track.offset
            return lambda: store.get(row.object_key, offset=offset, size=track.size_bytes)

        return [
            lambda: store.get(f"{folder}/init-{init}.mp4"),
            *(read(row, track) for row in self.rows for track in row.tracks if track.kind == kind),
        ]


def _check(rows: Sequence[Segment]) -> None:
    """One MP4 has one configuration of each track."""
    configs = _configs(rows[0])
    for row in rows:
        if not _configs(row).items() <= configs.items():
            raise MaterialUnfit(
                f"The session's codec or picture size changes at segment {row.msn}: make two jobs."
            )


def _configs(row: Segment) -> dict[str, str]:
    return {track.kind: track.config_id for track in row.tracks}
