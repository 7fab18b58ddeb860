"""uvicorn as a part of a service: no signal handling of its own, and no polling.

uvicorn's own loop wakes ten times a second to see whether it shall go: in a house of six services,
one with two listeners, that is more than all else that an idle house does.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn

DATE_S = 1.0
"""How often the Date header that answers carry is made anew."""


class QuietServer(uvicorn.Server):
    """Serves until `leave`: the service decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self, *, is_forced: bool = False) -> None:
        """Take no more connections and end the ones there are; forced: at once."""
        self.should_exit = True
        self.force_exit = self.force_exit or is_forced
        self._leaving.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATE_S if self.config.date_header else None):
                    await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
