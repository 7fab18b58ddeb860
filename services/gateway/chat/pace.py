"""How fast anybody may speak: some at once, then one after the other."""

import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 10_000
"""Keys; whoever has spoken least recently is forgotten first."""


class Pace:
    """`burst` at once, then one in `every_s` (the generic cell rate algorithm)."""

    def __init__(
        self, *, burst: int, every_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every_s = every_s
        self._slack_s = (burst - 1) * every_s
        self._clock = clock
        self._due: OrderedDict[str, float] = OrderedDict()
        """When the next of each would come if it came evenly."""

    def wait_s(self, key: str) -> float:
        """How long it has to wait; 0: it need not."""
        return max(0.0, self._due.get(key, 0.0) - self._slack_s - self._clock())

    def note(self, key: str) -> None:
        """One more has come."""
        self._due[key] = max(self._due.get(key, 0.0), self._clock()) + self._every_s
        self._due.move_to_end(key)
        if len(self._due) > REMEMBERED:
            self._due.popitem(last=False)
