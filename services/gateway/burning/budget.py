"""How many segments one viewer may have burned: so many at once, then so many a second."""

import asyncio
import contextlib
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from services.gateway.errors import ViewerOverBudget

AT_ONCE = 2
"""Of one viewer's segments are burned at the same time; the others wait behind them."""
MAX_VIEWERS = 10_000
"""That are remembered; whoever has asked least recently is forgotten first."""


@dataclass
class _Purse:
    left: float
    at: float
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


class Budget:
    """`burst` segments are free; they come back at `rate` a second."""

    def __init__(
        self, *, burst: int, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._rate = rate
        self._clock = clock
        self._purses: OrderedDict[str, _Purse] = OrderedDict()

    @contextlib.asynccontextmanager
    async def spend(self, viewer: str) -> AsyncIterator[None]:
        """One segment, when it is its turn. Raises `ViewerOverBudget`."""
        purse = self._purse(viewer)
        if purse.left < 1:
            wait_s = math.ceil((1 - purse.left) / self._rate)
            raise ViewerOverBudget(
                f"This viewer has asked for more segments than it can watch; go on in {wait_s} s.",
                wait_s=wait_s,
            )
        purse.left -= 1
        async with purse.turn:
            yield

    def _purse(self, viewer: str) -> _Purse:
        now = self._clock()
        purse = self._purses.setdefault(viewer, _Purse(self._burst, now))
        purse.left = min(self._burst, purse.left + (now - purse.at) * self._rate)
        purse.at = now
        self._purses.move_to_end(viewer)
        if len(self._purses) > MAX_VIEWERS:
            self._purses.popitem(last=False)
        return purse
