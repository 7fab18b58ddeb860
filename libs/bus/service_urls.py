"""Where the services of the house listen."""

import contextlib

from nats.errors import Error as NATSError
from nats.js.errors import Error as JetStreamError

from libs.bus.bus import Bus
from libs.bus.errors import BusUnavailable


class ServiceURLs:
    """While the bus is away, where they did."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._urls: list[str] = []

    async def __call__(self) -> list[str]:
        with contextlib.suppress(NATSError, JetStreamError, BusUnavailable, TimeoutError):
            self._urls = [entry.url for entry in await self._bus.registry.list()]
        return self._urls
