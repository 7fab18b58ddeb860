"""The catalog as a process on a real NATS server, both of which a test may kill."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from libs.bus import Bus
from libs.errors import WeirError
from libs.events import CreateStream, ListStreams, OpenPublish, PublishGrant
from libs.launcher.nats_server import find_nats_server, free_port, write_nats_config
from libs.names import DEFAULT_TENANT

TOKEN = "a token of this test"
ROOT = Path(__file__).parents[3]
# A message that was in the hands of a killed process comes back after 30 s (`ack_wait`).
PATIENCE_S = 60.0

T = TypeVar("T")


@dataclass
class House:
    home: Path
    database_url: str
    port: int = field(default_factory=free_port)
    nats: subprocess.Popen[bytes] | None = None
    catalog: subprocess.Popen[bytes] | None = None
    buses: list[Bus] = field(default_factory=list)

    def start_nats(self) -> None:
        config = self.home / "nats.conf"
        write_nats_config(config, port=self.port, store=self.home / "jetstream", token=TOKEN)
        with (self.home / "nats.log").open("ab") as log:
            self.nats = subprocess.Popen([find_nats_server(), "-c", config], stderr=log)

    def start_catalog(self) -> None:
        settings = {
            "WEIR_NATS_URL": f"nats://127.0.0.1:{self.port}",
            "WEIR_NATS_TOKEN": TOKEN,
            "WEIR_DATABASE_URL": self.database_url,
            "WEIR_DATA_DIR": str(self.home),
            "WEIR_PUSH_SECRET": "a secret of this test",
            "WEIR_INTERNAL_TOKEN": "an internal token of this test",
            "WEIR_DISPATCH_S": "0.5",
        }
        with (self.home / "catalog.log").open("ab") as log:
            self.catalog = subprocess.Popen(
                [sys.executable, "-m", "services.catalog"],
                cwd=ROOT,
                env=os.environ | settings,
                stderr=log,
            )

    def kill_nats(self) -> None:
        _kill(self.nats)

    def kill_catalog(self) -> None:
        _kill(self.catalog)

    async def connect(self, source: str) -> Bus:
        """A bus of another service, as soon as the catalog has made the topology."""
        bus = self.bus(source)
        await bus.start()
        return bus

    def bus(self, source: str) -> Bus:
        """One whose handlers are still to be registered."""
        bus = Bus(f"nats://127.0.0.1:{self.port}", source=source, token=TOKEN)
        self.buses.append(bus)
        return bus

    async def close(self) -> None:
        for bus in self.buses:
            await bus.stop()
        self.kill_catalog()
        self.kill_nats()


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait()


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
