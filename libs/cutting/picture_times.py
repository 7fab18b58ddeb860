"""The times of a timeline's pictures: how far they have come, and when the next are expected."""

from libs.cutting.cadence import LOOKS_BACK
from libs.cutting.cut_rule import CutRule
from libs.cutting.frames import Frame
from libs.media.cmaf import VIDEO_TIMESCALE

_DEFAULT_STEP = VIDEO_TIMESCALE // 30
_MAX_STEP = VIDEO_TIMESCALE


class PictureTimes:
    """Every time here is in 90 kHz ticks of session time."""

    def __init__(self) -> None:
        self.newest: int | None = None
        """DTS of the newest frame."""
        self.end = 0
        """Where the video of the segments that were finished ends."""
        self.step = _DEFAULT_STEP
        """From the frame before the newest to it."""
        self.intervals: list[int] = []
        """The newest between frames; never changed in place."""
        self.key: int | None = None
        """DTS of the newest keyframe."""
        self.gop: int | None = None
        """From the keyframe before to it."""
        self.delay = 0
        """PTS - DTS of the newest keyframe."""

    def raised(self, frame: Frame) -> Frame:
        """Decode times must rise: two frames of one millisecond are set a tick apart."""
        least = self.end if self.newest is None else max(self.end, self.newest + 1)
        return frame if frame.dts >= least else frame._replace(dts=least)

    def note(self, frame: Frame) -> int:
        """One more frame. Returns what is shown when it is decoded: of a keyframe itself, else a
        reordered one.
        """
        if self.newest is not None:
            interval = frame.dts - self.newest
            self.step = min(interval, _MAX_STEP)
            self.intervals = [*self.intervals, interval][-LOOKS_BACK:]
        if frame.is_key:
            self.delay = frame.pts - frame.dts
            self.gop = None if self.key is None else frame.dts - self.key
            self.key = frame.dts
        self.newest = frame.dts
        return frame.dts + self.delay

    def is_reached(self, due: int, time: int) -> bool:
        """Whether of all frames the one at `time` is the nearest to `due`, or it is later."""
        return 2 * (time - due) >= -self.step

    def next_is_key(self, dts: int, rule: CutRule) -> bool:
        """Whether the frame that is expected at `dts` should be a keyframe."""
        # The first GOP is taken to be as long as segments should be.
        return self.is_reached((self.key or 0) + (self.gop or rule.wanted), dts)

    def portion_end(self, start: int, rule: CutRule) -> int | None:
        """Where a segment that begins at `start` should end, in a GOP that is too long for one;
        None if the next keyframe ends it.
        """
        if self.gop is None or self.key is None:
            return None
        count = rule.portions(self.gop)
        key = self.key + self.delay
        index = max(0, round((start - key) * count / self.gop))
        if count == 1 or index + 1 == count:
            return None
        return key + self.gop * (index + 1) // count
