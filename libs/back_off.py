"""How long to wait before what failed is tried again."""

import random
from collections.abc import Callable

FIRST_S, MAX_S = 1.0, 30.0
JITTER = 0.25
"""What failed at one moment is not tried again at one moment."""
GOOD_S = 30.0
"""A try that lasted this long was good: the next pause is a short one again."""


class BackOff:
    def __init__(self, *, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._pause_s = FIRST_S

    def next_s(self, *, lasted_s: float) -> float:
        """Seconds until the next try, after one that was good for `lasted_s`."""
        if lasted_s >= GOOD_S:
            self._pause_s = FIRST_S
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, MAX_S)
        return pause_s * self._uniform(1 - JITTER, 1 + JITTER)
