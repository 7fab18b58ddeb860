"""How fast the encoders of a test are: nobody plays in time what is not made in time."""

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Self

import httpx2

from tests.required import too_slow
from tests.rung_encoder import ingest_of
from tests.running import RunningWeir

EVERY_S = 0.5


LATE_MS = 1000
"""Further behind than usual than players are kept back for."""
LEAST_SPEED = 0.97


class RungLag:
    """Looks at ingest how far each rung is behind its source, for as long as it is entered.

    What fails meanwhile is void if the encoders were too slow: that is not the player's fault.
    """

    def __init__(self, weir: RunningWeir, session: str) -> None:
        self._url, token = ingest_of(weir)
        self._headers = {"authorization": f"Bearer {token}"}
        self._session = session
        self._seen: dict[str, list[tuple[float, float, int]]] = {}

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if isinstance(error, (AssertionError, TimeoutError)) and self.is_too_slow:
            too_slow(str(self))

    @property
    def is_too_slow(self) -> bool:
        return self.worst_ms - self.usual_ms > LATE_MS or self.speed < LEAST_SPEED

    @property
    def worst_ms(self) -> int:
        """The furthest that any rung was behind, in media time."""
        return max((lag for seen in self._seen.values() for _, _, lag in seen), default=0)

    @property
    def usual_ms(self) -> int:
        """The median of all rungs and looks."""
        lags = sorted(lag for seen in self._seen.values() for _, _, lag in seen)
        return lags[len(lags) // 2] if lags else 0

    @property
    def speed(self) -> float:
        """Seconds that were made of the slowest rung in each second."""
        speeds = [
            (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0])
            for seen in self._seen.values()
            if len(seen) > 1
        ]
        return min(speeds, default=0.0)

    def __str__(self) -> str:
        return f"rungs encoded at {self.speed:.2f}x, {self.worst_ms / 1000:.1f} s behind at worst"

    async def _look(self) -> None:
        async with httpx2.AsyncClient(headers=self._headers) as client:
            while True:
                answer = await client.get(f"{self._url}/sessions/{self._session}")
                answer.raise_for_status()
                now_s = time.monotonic()
                for rung in answer.json()["rungs"]:
                    newest_s = rung["newest_ms"] / 1000
                    seen = self._seen.setdefault(rung["rung"], [])
                    seen.append((now_s, newest_s, rung["lag_ms"]))
                await asyncio.sleep(EVERY_S)
