"""What a finite job works on: ranges of sessions' rows, each track a fragmented MP4."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Protocol

from libs.errors import Invalid
from libs.events import (
    PosterParams,
    RemuxParams,
    Segment,
    SegmentPage,
    SessionRange,
    StoryboardParams,
    TrackKind,
    TrackRange,
)
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from libs.media.movie import move_chunks
from libs.segment_keys import folder, init_key

PAGE = 500
KINDS: tuple[TrackKind, ...] = ("video", "audio")
_TRACK_IDS: dict[TrackKind, int] = {"video": VIDEO_TRACK_ID, "audio": AUDIO_TRACK_ID}

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
        self.kinds = [kind for kind in KINDS if any(track_of(row, kind) for row in rows)]
        """Of each input the track's."""
        self.base_ms = rows[0].start_ms
        self.duration_s = sum(row.duration_s for row in rows)
        self._shifts_s = _shifts(rows)
        end_s = rows[-1].start_ms / 1000 + rows[-1].duration_s + self._shifts_s[rows[-1].session]
        self.span_s = end_s - self.base_ms / 1000
        """With the holes in it, but not what lies between two sessions."""
        self.frames = sum(
            track.samples for row in rows for track in row.tracks if track.kind == "video"
        )
        self.size_bytes = sum(row.size_bytes for row in rows)

    @classmethod
    async def gather(cls, wanted: SessionRange, list_rows: ListRows) -> "Material":
        """Raises `MaterialUnfit`, and what the catalog answers."""
        ranges = wanted.ranges if isinstance(wanted, RemuxParams) else (wanted,)
        rows = [row for each in ranges for row in await _gather(each, list_rows)]
        if not rows:
            raise MaterialUnfit("The range has no segments any more.")
        if not isinstance(wanted, StoryboardParams | PosterParams):
            _check(rows)
        return cls(rows)

    @property
    def missing(self) -> int:
        """Segments that its sessions lack."""
        return sum(
            row.msn - before.msn - 1
            for before, row in pairwise(self.rows)
            if before.session == row.session
        )

    def feeds(self, store: Store) -> list[list[Part]]:
        """Of each input all parts: the track's configuration, then its range of each row."""
        return [self._track(kind, store) for kind in self.kinds]

    def _track(self, kind: TrackKind, store: Store) -> list[Part]:
        found = [(row, track) for row in self.rows if (track := track_of(row, kind))]
        return [init_of(*found[0], store), *(self._moved(*each, store) for each in found)]

    def _moved(self, row: Segment, track: TrackRange, store: Store) -> Part:
        shift_s, read = self._shifts_s[row.session], range_of(row, track, store)
        if not shift_s:
            return read

        async def move() -> bytes:
            timescales = {_TRACK_IDS[track.kind]: track.timescale}
            return bytes(move_chunks(await read(), shift_s, timescales))

        return move


def track_of(row: Segment, kind: TrackKind) -> TrackRange | None:
    return next((track for track in row.tracks if track.kind == kind), None)


def init_of(row: Segment, track: TrackRange, store: Store) -> Part:
    """The codec configuration of a row's track."""
    where = folder(row.tenant, row.stream, row.session, row.rendition)
    return lambda: store.get(init_key(where, track.config_id))


def range_of(row: Segment, track: TrackRange, store: Store) -> Part:
    offset = row.offset + track.offset
    return lambda: store.get(row.object_key, offset=offset, size=track.size_bytes)


async def _gather(wanted: SessionRange, list_rows: ListRows) -> list[Segment]:
    last = wanted.last_msn if wanted.last_msn is not None else 2**53
    after = None if wanted.first_msn is None else wanted.first_msn - 1
    rows: list[Segment] = []
    while True:
        page = await list_rows(wanted, after)
        rows += [row for row in page.segments if row.msn <= last]
        after = page.next_after
        if after is None or after >= last:
            return rows


def _check(rows: Sequence[Segment]) -> None:
    """One MP4 has one configuration of each track."""
    known: dict[str, str] = {}
    for row in rows:
        for track in row.tracks:
            if known.setdefault(track.kind, track.config_id) != track.config_id:
                raise MaterialUnfit(
                    f"The {track.kind}'s codec settings change at segment {row.msn} of session "
                    f"{row.session}: make two jobs."
                )


def _shifts(rows: Sequence[Segment]) -> dict[str, float]:
    """How far each session's times are moved, in seconds: it begins where the one before ends."""
    shifts = {rows[0].session: 0.0}
    for before, row in pairwise(rows):
        if row.session not in shifts:
            shifts[row.session] = shifts[before.session] + _seam_s(before, row)
    return shifts


def _seam_s(before: Segment, row: Segment) -> float:
    """From the start of `row` to the end of `before`. Sound reaches a little beyond the picture;
    no track may begin before it has ended.
    """
    ends_s = {each.kind: (each.dts + each.duration) / each.timescale for each in before.tracks}
    seams_s = [
        ends_s[each.kind] - each.dts / each.timescale for each in row.tracks if each.kind in ends_s
    ]
    return max([before.duration_s + (before.start_ms - row.start_ms) / 1000, *seams_s])
