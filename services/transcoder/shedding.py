"""How many rungs are left out because the encoder is too slow, and when one more is tried again."""

FIRST_TRY_S, LONGEST_TRY_S = 20.0, 600.0
SOON_S = 60.0
"""A try that was too slow within this time was too early: the next waits twice as long."""


class Shedding:
    def __init__(self) -> None:
        self.count = 0
        self._wait_s = FIRST_TRY_S
        self._changed_s = 0.0
        self._tried_s: float | None = None

    def too_slow(self, now_s: float, *, made: int) -> None:
        """`made` rungs were too many."""
        if self._tried_s is not None:
            was_soon = now_s - self._tried_s < SOON_S
            self._wait_s = min(2 * self._wait_s, LONGEST_TRY_S) if was_soon else FIRST_TRY_S
        self._tried_s = None
        self._changed_s = now_s
        if made > 1:
            self.count += 1

    def may_try(self, now_s: float) -> bool:
        """Whether it went well for long enough to make one more."""
        return self.count > 0 and now_s - self._changed_s >= self._wait_s

    def try_more(self, now_s: float) -> None:
        self.count -= 1
        self._changed_s = self._tried_s = now_s
