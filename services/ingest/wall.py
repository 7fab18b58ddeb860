"""The wall clock of session time: what PROGRAM-DATE-TIME is made of."""

import time
from collections.abc import Callable

from libs.errors import Conflict

TOLERANCE_MS = 500
"""A mapping that is off by less is left alone: network jitter must not reach the playlist."""
SLEW = 0.05
"""Share of the time since the last cue by which a mapping that is off is moved."""


class ClockBehind(Conflict):
    code = "clock_behind"


class WallClock:
    """Maps session time to Unix ms. The wall time of a session only rises, and never leaps back.

    An encoder's clock drifts against ours (0.1 % is 3.6 s an hour), so the mapping follows.
    """

    def __init__(self, *, wall_ms: Callable[[], float] = lambda: time.time() * 1000) -> None:
        self._wall_ms = wall_ms
        self._offset: float | None = None
        self._cued_ms = 0
        self._last = float("-inf")
        self._told: float | None = None

    def follow(self, wall_ms: float) -> None:
        """The publish that begins says when its first tag was made; its clock counts until
        `break_off`. Raises `ClockBehind` if the session has media of a later time.
        """
        if self.is_past(wall_ms):
            raise ClockBehind("The stream's session has media of a later time already.")
        self._told = wall_ms

    def is_past(self, wall_ms: float) -> bool:
        """Whether the session has media of a later time."""
        return wall_ms < self._last

    def break_off(self) -> None:
        """A publish has ended; the next cue takes its time afresh."""
        self._offset = self._told = None

    def cue(self, session_ms: int) -> float:
        """The wall clock (Unix ms) of a tag that has just come with `session_ms`."""
        now = self._wall_ms() if self._told is None else self._told
        if self._offset is None:
            # Somebody's own clock may have run less since the last publish than ours.
            gap_ms = session_ms - self._cued_ms if self._told is None else 0
            self._offset = max(now, self._last + gap_ms) - session_ms
        elif self._told is None:
            error = now - (session_ms + self._offset)
            if abs(error) > TOLERANCE_MS:
                limit = SLEW * max(session_ms - self._cued_ms, 0)
                self._offset += max(-limit, min(limit, error))
        self._cued_ms = session_ms
        self._last = max(self._last, session_ms + self._offset)
        return self._last
