"""The wall clock of session time: what PROGRAM-DATE-TIME is made of."""

import time
from collections.abc import Callable

TOLERANCE_MS = 500
"""A mapping that is off by less is left alone: network jitter must not reach the playlist."""
SLEW = 0.05
"""Share of the time since the last cue by which a mapping that is off is moved."""


class WallClock:
    """Maps session time to Unix ms. The wall time of a session only rises, and never leaps back.

    An encoder's clock drifts against ours (0.1 % is 3.6 s an hour), so the mapping follows.
    """

    def __init__(self, *, wall_ms: Callable[[], float] = lambda: time.time() * 1000) -> None:
        self._wall_ms = wall_ms
        self._offset: float | None = None
        self._cued_ms = 0
        self._last = float("-inf")

    def break_off(self) -> None:
        """A publish has ended; the next cue takes its time afresh."""
        self._offset = None

    def cue(self, session_ms: int) -> float:
        """The wall clock (Unix ms) of a tag that has just come with `session_ms`."""
        now = self._wall_ms()
        if self._offset is None:
            self._offset = max(now, self._last + session_ms - self._cued_ms) - session_ms
        else:
            error = now - (session_ms + self._offset)
            if abs(error) > TOLERANCE_MS:
                limit = SLEW * max(session_ms - self._cued_ms, 0)
                self._offset += max(-limit, min(limit, error))
        self._cued_ms = session_ms
        self._last = max(self._last, session_ms + self._offset)
        return self._last
