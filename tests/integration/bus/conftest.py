"""A real nats-server of the test's own, which can be killed and started again on its port."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from libs.bus import Bus
from libs.launcher.nats_server import find_nats_server, free_port, write_nats_config

PASSWORD = "test"

Connect = Callable[..., Bus]


class Server:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "nats.conf"
        write_nats_config(self._config, port=self.port, store=folder, token=PASSWORD)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [find_nats_server(), "--config", self._config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def bus(self, source: str, *, provisions: bool = False) -> Bus:
        url = f"nats://127.0.0.1:{self.port}"
        return Bus(url, source=source, token=PASSWORD, provisions=provisions)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    running = Server(tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
async def start(server: Server) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """Start buses (together: the others wait for the one that provisions), stop them at the end."""
    started: list[Bus] = []

    async def start_all(*buses: Bus) -> None:
        started.extend(buses)
        await asyncio.gather(*(bus.start() for bus in buses))

    yield start_all
    for bus in started:
        await bus.stop()
