"""Vitals: what ingest has measured of a publish, for whoever judges how well it goes.

"The window" is the last `WINDOW_S` of the publish, or all of it while it is younger.
"""

from typing import Literal

from libs.events.rows import Row

WINDOW_S = 60
"""How far back most figures look."""

ChangeCause = Literal["reconnect", "codec_change", "timestamp_jump", "pause"]


class PictureVitals(Row):
    """Of the video track."""

    codec: str = ""
    """FourCC."""
    width: int | None = None
    """None: its configuration says nothing that we can read."""
    height: int | None = None
    frame_rate: float | None = None
    """By the usual step between two frames; None: there are too few."""
    uneven_share: float = 0.0
    """Of the steps, those that are off the usual one by more than half of it."""
    longest_step_ms: int = 0
    gop_s: float | None = None
    """The longest distance of two keyframes within the window; one that lasts counts as it is."""
    reorder_ms: int = 0
    """How long a keyframe waits for frames that are shown before others (B-frames)."""
    last_s: float = 0.0
    """Since its last frame came."""


class SoundVitals(Row):
    """Of the audio track."""

    codec: str = ""
    silence_s: float = 0.0
    """For how long each frame has been that of digital silence."""
    last_s: float = 0.0
    """Since its last frame came."""


class Rates(Row):
    """Bits a second of media time, over stretches of five seconds or a GOP."""

    usual_bps: int
    peak_bps: int
    least_bps: int
    span_s: float
    """Of the media that they were measured of."""


class Stalls(Row):
    """Frames that came later than their timestamps say, all at once; within the window."""

    count: int = 0
    longest_ms: int = 0
    total_ms: int = 0


class Drift(Row):
    """A straight line through the times at which frames came, by their clock and by ours."""

    rate: float
    """By how much of itself the publisher's clock is too fast; below 0 it is too slow."""
    span_s: float
    error_ms: float
    """How far the measurements are from the line (standard deviation)."""


class Change(Row):
    """The publisher began a new timeline, or another configuration."""

    cause: ChangeCause
    ago_s: float
    was: str = ""
    """Of a change of codec or size: `avc1 1280x720` and the like."""
    now: str = ""


class Vitals(Row):
    """One look at a publish."""

    age_s: float
    """Since its first frame came."""
    media_s: float
    """Session time from that frame to its last."""
    picture: PictureVitals | None = None
    """None: it has sent none."""
    sound: SoundVitals | None = None
    rates: Rates | None = None
    """None: there is too little to tell."""
    stalls: Stalls = Stalls()
    drift: Drift | None = None
    """None: it is too early to tell."""
    delay_ms: int = 0
    """How much later frames come now than the earliest of the last minutes did, by their own
    timestamps: what waits between encoder and here."""
    apart_ms: int = 0
    """How far video is ahead of audio as they come, by their timestamps; below 0: behind."""
    changes: tuple[Change, ...] = ()
    """Of the session's last ten minutes, oldest first."""
