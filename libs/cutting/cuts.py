"""What comes out of the cutter."""

from dataclasses import dataclass
from typing import Any

from libs.events import Track, TrackKind, TrackRange


@dataclass(frozen=True)
class TrackConfigured:
    """A track has a codec configuration; parts and segments that name it follow."""

    track: Track
    init: bytes
    pixel_aspect: tuple[int, int] = (1, 1)
    """Horizontal to vertical."""


@dataclass(frozen=True)
class Part:
    """A chunk of one track, cut by media time."""

    msn: int
    kind: TrackKind
    index: int
    """Within its segment and track, from 0."""
    data: bytes
    """Empty for a gap: there is no media for so long."""
    duration_s: float
    is_independent: bool
    """Whether it starts with a keyframe (or is audio)."""
    config_id: str
    ends_segment: bool = False
    """Whether the next one is expected to begin the next segment: what players are told to ask for
    (EXT-X-PRELOAD-HINT). It may come otherwise."""

    @property
    def is_gap(self) -> bool:
        return not self.data


@dataclass(frozen=True)
class SegmentOpened:
    """The next segment begins; its parts follow. The segment before it gets no more video."""

    msn: int
    start_90k: int
    starts_at_ms: int
    discontinuity_sequence: int
    target_s: int
    part_target_ms: int
    """What its parts are meant not to exceed; see `part_rule`."""
    timeline_90k: int
    timeline_msn: int
    origin_ms: int
    is_lead_in: bool
    picture_90k: int = 0
    """Session time of its first picture, if that comes late: behind a hole in the source."""


@dataclass(frozen=True)
class SegmentCut:
    """A whole segment: the video track's chunks, then the audio track's."""

    msn: int
    data: bytes
    tracks: tuple[TrackRange, ...]
    start_90k: int
    """Session time of its start."""
    duration_90k: int
    """The distance to the next segment's start."""
    starts_at_ms: int
    """Wall clock of its start, in Unix ms."""
    is_independent: bool
    discontinuity_sequence: int
    generation: int
    first_tag: int
    last_tag: int
    target_s: int
    """EXT-X-TARGETDURATION, the same for the whole session."""
    timeline_90k: int
    """Session time at which its timeline began (a DASH period starts there)."""
    timeline_msn: int
    """Of the segment that begins there."""
    origin_ms: int
    """Wall clock of session time 0, in Unix ms; the same for the whole session."""
    is_lead_in: bool = False
    """Whether it stands before the session's first regular segment (`cut_rule`)."""


@dataclass(frozen=True)
class SegmentsLost:
    """An interval without media: `last_msn - first_msn + 1` gaps of equal duration."""

    first_msn: int
    last_msn: int
    start_90k: int
    duration_90k: int
    """Of the whole interval."""
    starts_at_ms: int
    discontinuity_sequence: int
    target_s: int
    cause: str
    is_news: bool = True
    """Whether it is to be told: what a rung lacks of the time before it existed is not."""


@dataclass(frozen=True)
class SessionEnded:
    """`weir.end` was read: nothing follows."""

    cause: str
    last_msn: int | None


Cut = TrackConfigured | SegmentOpened | Part | SegmentCut | SegmentsLost | SessionEnded

State = dict[str, Any]
"""JSON values."""
