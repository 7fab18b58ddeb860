"""Frames: what is left of a tag once its headers are read and its time is in the track's ticks."""

from typing import NamedTuple

from libs.media.cmaf import VIDEO_TIMESCALE

TICKS_A_MS = VIDEO_TIMESCALE // 1000


class Frame(NamedTuple):
    """One coded frame. `dts` and `pts` are in ticks of its track's timescale."""

    number: int
    """Of its tag in the session."""
    dts: int
    pts: int
    is_key: bool
    data: bytes

    def ref(self) -> list[int]:
        """The frame without its data, as a checkpoint keeps it."""
        return [self.number, self.dts, self.pts, int(self.is_key)]


def to_90k(ticks: int, timescale: int) -> int:
    """Ticks of `timescale` in 90 kHz, rounded down."""
    return ticks * VIDEO_TIMESCALE // timescale
