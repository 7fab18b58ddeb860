"""How long to wait before a failed push is tried again."""

import random
from collections.abc import Callable

FIRST_S, MAX_S = 1.0, 30.0
JITTER = 0.25
"""Targets that failed at one moment do not come back at one moment."""
GOOD_S = 30.0
"""A push that lasted this long was good: the next pause is a short one again."""


class BackOff:
    def __init__(self, *, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._pause_s = FIRST_S

    def next_s(self, *, lasted_s: float) -> float:
        """Seconds until the next try, after a push that was live for `lasted_s`."""
        if lasted_s >= GOOD_S:
            self._pause_s = FIRST_S
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, MAX_S)
        return pause_s * self._uniform(1 - JITTER, 1 + JITTER)
