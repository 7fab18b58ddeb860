"""When the next frame is expected: what lets a part end before it has come."""

from collections.abc import Sequence

LOOKS_BACK = 4
"""Intervals. Stamps are whole milliseconds, so that 33 and 34 take turns at 30 frames a second;
the shortest of a few is rarely longer than the next, and a frame is not decoded after its time."""


class Cadence:
    """The usual distance between frames, in their track's ticks."""

    def __init__(self, fixed: int | None = None, intervals: Sequence[int] = ()) -> None:
        self._fixed = fixed
        self._intervals = list(intervals)[-LOOKS_BACK:]

    def note(self, interval: int) -> None:
        """One more frame came so long after the one before."""
        if self._fixed is None:
            self._intervals = [*self._intervals, interval][-LOOKS_BACK:]

    @property
    def step(self) -> int:
        if self._fixed is not None:
            return self._fixed
        return max(1, min(self._intervals)) if self._intervals else 1
