"""When the next frame is expected: what lets a part end before it has come."""

from collections import deque
from collections.abc import Sequence

LOOKS_BACK = 4
"""Intervals. Stamps are whole milliseconds, so that 33 and 34 take turns at 30 frames a second;
the shortest of a few is rarely longer than the next, and a frame is not decoded after its time."""


class Cadence:
    """The usual distance between frames, in their track's ticks."""

    def __init__(self, fixed: int | None = None, intervals: Sequence[int] = ()) -> None:
        self._is_fixed = fixed is not None
        self._intervals = deque(intervals, LOOKS_BACK)
        self.step = self._shortest() if fixed is None else fixed

    def note(self, interval: int) -> None:
        """One more frame came so long after the one before."""
        if not self._is_fixed:
            self._intervals.append(interval)
            self.step = self._shortest()

    def _shortest(self) -> int:
        return max(1, min(self._intervals, default=1))
