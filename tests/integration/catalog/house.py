"""The catalog as a process on a real NATS server, both of which a test may kill."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from libs.bus import Bus
from libs.errors import WeirError
from libs.events import CreateStream, ListStreams, OpenPublish, PublishGrant
from libs.names import DEFAULT_TENANT
from tests.nats_server import NATSServer
from tests.service_process import ServiceProcess

# A message that was in the hands of a killed process comes back after 30 s (`ack_wait`).
PATIENCE_S = 60.0

T = TypeVar("T")


class House:
    def __init__(self, home: Path, database_url: str) -> None:
        self.nats = NATSServer(home)
        settings = self.nats.environment | {
            "WEIR_DATABASE_URL": database_url,
            "WEIR_DATA_DIR": str(home),
            "WEIR_PUSH_SECRET": "a secret of this test",
            "WEIR_INTERNAL_TOKEN": "an internal token of this test",
            "WEIR_DISPATCH_S": "0.5",
        }
        self.catalog = ServiceProcess("catalog", settings, home / "catalog.log")
        self._buses: list[Bus] = []

    async def connect(self, source: str) -> Bus:
        """A bus of another service, as soon as the catalog has made the topology."""
        bus = self.bus(source)
        await bus.start()
        return bus

    def bus(self, source: str) -> Bus:
        """One whose handlers are still to be registered."""
        bus = self.nats.bus(source)
        self._buses.append(bus)
        return bus

    async def close(self) -> None:
        for bus in self._buses:
            await bus.stop()
        self.catalog.kill()
        self.nats.kill()


async def eventually(look: Callable[[], Awaitable[T | None]]) -> T:
    """What `look` finds once it finds something; fails after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := await look()):
        assert time.monotonic() < deadline, f"still {found!r} after {PATIENCE_S:g} s"
        await asyncio.sleep(0.1)
    return found


async def answering(bus: Bus) -> None:
    """Wait until the catalog answers."""

    async def look() -> bool:
        try:
            await bus.ask(ListStreams(tenant=DEFAULT_TENANT), timeout_s=1)
        except WeirError as error:
            if not error.retry:
                raise
            return False
        return True

    await eventually(look)


async def on_air(bus: Bus, stream: str = "cam-1") -> PublishGrant:
    await answering(bus)
    await bus.ask(CreateStream(tenant=DEFAULT_TENANT, id=stream))
    return await bus.ask(
        OpenPublish(stream=stream, ingest="ingest-1", origin_url="http://ingest-1:8000")
    )
