"""uvicorn as a part of a service: no signal handling of its own, and no polling.

uvicorn's own loop wakes ten times a second to see whether it shall go: in a house of six services,
one with two listeners, that is more than all else that an idle house does.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from email.utils import formatdate

import uvicorn
from uvicorn.server import ServerState


class QuietServer(uvicorn.Server):
    """Serves until `leave`: the service decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = _State(config)
        self._leaving = asyncio.Event()

    def leave(self, *, is_forced: bool = False) -> None:
        """Take no more connections and end the ones there are; forced: at once."""
        self.should_exit = True
        self.force_exit = self.force_exit or is_forced
        self._leaving.set()

    async def main_loop(self) -> None:
        await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _State(ServerState):
    """uvicorn's, but the Date header is made when somebody asks, at most once a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._config = config
        self._second = -1
        self._headers: list[tuple[bytes, bytes]] = []
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """Of every answer; the same list while nothing changes."""
        second = int(time.time()) if self._config.date_header else 0
        if second != self._second:
            self._second = second
            date = [(b"date", formatdate(second, usegmt=True).encode())] if second else []
            self._headers = date + self._config.encoded_headers
        return self._headers

    @default_headers.setter
    def default_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        """For uvicorn's constructor, which sets it."""
