"""Has this process slept? A stopped process that is continued must ask before it goes on."""

import asyncio
import time

TICK_S = 0.5
SLEPT_S = 3.0
"""Below the time after which another may hold our lease."""


class Wakefulness:
    def __init__(self) -> None:
        self._ticked_s = time.monotonic()
        self._naps = 0

    async def run(self) -> None:
        while True:
            self._tick()
            await asyncio.sleep(TICK_S)

    @property
    def naps(self) -> int:
        """How often the process has slept so far; the same number again means: not meanwhile."""
        self._tick()
        return self._naps

    def _tick(self) -> None:
        now_s = time.monotonic()
        if now_s - self._ticked_s > SLEPT_S:
            self._naps += 1
        self._ticked_s = now_s
