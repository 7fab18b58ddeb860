"""Ladders: which rungs a stream is transcoded to, and how that goes while it is live."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from libs.events.rows import Row

LadderCodec = Literal["libx264", "libx265"]
LadderMode = Literal["always", "lazy"]
"""`always`: while the stream is live; `lazy`: while somebody watches it, too."""
TranscodeState = Literal["starting", "live", "failed", "idle"]
"""`idle`: nothing is to be made now; a failed one is tried again."""


class Rung(Row):
    """One encoding that is wanted. The source is never enlarged, and keeps its aspect."""

    name: str
    """The rendition's name, for example `720p`."""
    width: int
    """The picture fits into width and height."""
    height: int
    bitrate_bps: int
    max_bitrate_bps: int
    template: str | None = None
    """`ld`, `sd`, `hd` or `ud`; None for a user's own."""


TEMPLATES: Mapping[str, Rung] = {
    rung.template: rung
    for rung in (
        Rung(
            name=f"{height}p", width=width, height=height, template=template,
            bitrate_bps=bitrate_bps, max_bitrate_bps=bitrate_bps * 3 // 2,
        )
        for template, width, height, bitrate_bps in (
            ("ld", 640, 360, 400_000),
            ("sd", 854, 480, 600_000),
            ("hd", 1280, 720, 1_000_000),
            ("ud", 1920, 1080, 2_000_000),
        )
    )
    if rung.template
}  # fmt: skip
"""The usual rungs, by the name of their template, smallest first."""


class Ladder(Row):
    """A stream's transcoding."""

    rungs: tuple[Rung, ...]
    """Smallest first."""
    codec: LadderCodec = "libx264"
    mode: LadderMode = "always"


class RungReport(Row):
    """A rung as it is made now, or why it is not."""

    name: str
    width: int = 0
    """Of the picture that is made; 0 while none is."""
    height: int = 0
    left_out: str | None = None
    """A code: `shed` (the encoder was too slow), `not_smaller` (than a lower rung: the source is
    small)."""


class MarkReport(Row):
    """A mark as it is in the picture now, or why it is not."""

    kind: Literal["text", "clock", "image"]
    left_out: str | None = None
    """A code: `mark_off_frame` (nothing of it would be on the picture), `mark_refused` (it cannot
    be drawn), `fetch_failed`, `egress_refused`, or that of the store."""
    detail: str | None = None
    """The same as a sentence."""


class SoundReport(Row):
    """The sound that is made AAC, or why it is not."""

    codec: str
    """What the publisher sends: a FourCC, or `flv<id>`."""
    state: Literal["starting", "live", "failed"]
    """A failed one is tried again."""
    cause: str | None = None
    """A code, for example `ffmpeg_failed`."""
    detail: str | None = None
    """The same as a sentence."""


class TranscodeReport(Row):
    """How a session's transcoding goes."""

    epoch: int
    """The lease under which it is done."""
    number: int
    """Counts what was said under this epoch; the highest of the highest epoch is the truth."""
    state: TranscodeState
    cause: str | None = None
    """A code, for example `ffmpeg_failed`, `stalled`, `shed` or, while all goes well,
    `codec_replaced`: H.264 is made where H.265 is wanted."""
    detail: str | None = None
    """The same as a sentence."""
    since: datetime
    take: int
    """Counts the processes of this epoch."""
    rungs: tuple[RungReport, ...] = ()
    marks: tuple[MarkReport, ...] = ()
    """Those that the take was begun with, the lowest first."""
    sound: SoundReport | None = None
    """None: the publisher sends AAC."""
