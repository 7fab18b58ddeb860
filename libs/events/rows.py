"""The segment log's row and the packager's checkpoint: what services say to each other of media."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TrackKind = Literal["video", "audio"]


class Row(BaseModel):
    """A frozen value that travels between services."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Track(Row):
    """One track of a rendition, as its codec configuration describes it."""

    kind: TrackKind
    codec: str
    """RFC 6381 codec string, for example `avc1.64001f` or `mp4a.40.2`."""
    config_id: str
    """First 12 hex digits of the SHA-256 of the init segment; names it."""
    timescale: int
    """Ticks a second of the track's media time: 90000 for video, the sample rate for audio."""
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    sample_rate: int | None = None
    channels: int | None = None


class TrackRange(Row):
    """Where one track of a segment lies in its object, and when it plays."""

    kind: TrackKind
    offset: int
    """Bytes from the start of the segment's own range."""
    size_bytes: int
    dts: int
    """tfdt of the first sample, in ticks of `timescale`."""
    pts: int
    """Earliest presentation time, in ticks of `timescale`."""
    duration: int
    """In ticks of `timescale`."""
    timescale: int
    samples: int
    config_id: str


class Segment(Row):
    """One row of the segment log. Key: (tenant, session, rendition, msn)."""

    tenant: str
    stream: str
    session: str
    rendition: str
    msn: int
    """Media sequence number; the first of a session is its start in Unix seconds."""
    object_key: str
    offset: int = 0
    """Where the segment starts in its object: the cold tier packs many rows into one."""
    size_bytes: int
    sha256: str
    tracks: tuple[TrackRange, ...]
    start_ms: int
    """Session time of the segment's start."""
    duration_s: float
    """Real duration: the distance to the next segment's start."""
    starts_at: datetime
    """Wall clock of the segment's start, from ingest's cues."""
    is_independent: bool
    """Whether the segment starts with a keyframe (or has no video)."""
    discontinuity_sequence: int
    """Discontinuities of the session up to and including this segment's start."""
    generation: int
    """The publish whose tags the segment holds."""
    epoch: int
    """The packager lease under which it was cut."""
    first_tag: int
    last_tag: int
    key_id: str | None = None
    """Reserved for encryption."""
    bitrate_bps: int = 0


class Checkpoint(Row):
    """Where the cutting of a session may be taken up again.

    Everything before `msn` is acknowledged: it is in a spool that outlives the packager's
    process, or stored. Cutting is a pure function of tags, so whoever starts from a
    checkpoint makes the same bytes under the same names.
    """

    msn: int
    """The next segment to be cut."""
    next_tag: int
    """The lowest tag number that `msn` or a later segment needs."""
    next_dts: int
    """Session time (ms) at which segment `msn` starts."""
    discontinuity_sequence: int
    state: dict[str, object] = Field(default_factory=dict)
    """The cutter's own state at this boundary; JSON values, opaque to everybody else."""
