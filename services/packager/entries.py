"""What playlists are made of: whole segments, the one in the making, their parts."""

from dataclasses import dataclass, field
from typing import NamedTuple

from libs.cutting.cuts import Part, SegmentOpened
from libs.events import TrackKind, TrackRange


class Position(NamedTuple):
    """What a playlist lacks next: everything before it is listed. Positions only rise."""

    msn: int
    part: int


class PartEntry(NamedTuple):
    """A part of a segment that is whole: a range of its track's bytes."""

    duration_s: float
    is_independent: bool
    offset: int
    size_bytes: int

    @property
    def is_gap(self) -> bool:
        return self.size_bytes == 0


@dataclass(frozen=True)
class Entry:
    """One line of the playlists: a segment, or a gap where one should be."""

    msn: int
    start_90k: int
    duration_90k: int
    starts_at_ms: int
    discontinuity_sequence: int
    is_independent: bool
    period: str
    """Id of its DASH period."""
    period_90k: int
    """Session time at which that period begins."""
    period_msn: int = 0
    """Of the period's first segment."""
    is_steady: bool = False
    """Whether the segments of its period last equally long: number tells time."""
    is_lead_in: bool = False
    tracks: dict[TrackKind, TrackRange] = field(default_factory=dict)
    """Empty for a gap."""
    data: bytes = b""
    parts: dict[TrackKind, tuple[PartEntry, ...]] = field(default_factory=dict)

    @property
    def duration_us(self) -> int:
        """As EXTINF says it: whoever adds up the playlist gets the same."""
        return (self.duration_90k * 100 + 4) // 9


@dataclass
class OpenEntry:
    """A segment in the making."""

    opened: SegmentOpened
    parts: dict[TrackKind, list[Part]] = field(default_factory=dict)

    def first(self, kind: TrackKind) -> Part | None:
        """The first part with media."""
        return next((part for part in self.parts.get(kind, ()) if not part.is_gap), None)

    def entries(self, kind: TrackKind) -> tuple[PartEntry, ...]:
        found, offset = [], 0
        for part in self.parts.get(kind, ()):
            size = len(part.data)
            found.append(PartEntry(part.duration_s, part.is_independent, offset, size))
            offset += size
        return tuple(found)
