"""Real nats-servers for tests, configured as `weir up` configures its own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from libs.bus import Bus
from libs.launcher.nats_server import find_nats_server, write_nats_config
from tests.ports import free_port

TOKEN = "bus"


class NATSServer:
    """One server that can be killed and started again: its port and its data outlive it."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"nats://127.0.0.1:{port}"
        self._config = folder / "nats.conf"
        self._log = folder / "nats.log"
        self._store = folder / "nats"
        write_nats_config(self._config, port=port, store=self._store, token=TOKEN)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv: list[str | Path] = [find_nats_server(), "--config", self._config]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wipe(self) -> None:
        """Throw away all that a killed server has stored."""
        shutil.rmtree(self._store)

    def bus(self, source: str, *, provisions: bool = False) -> Bus:
        """A connection to it that is not yet made."""
        return Bus(self.url, source=source, token=TOKEN, provisions=provisions)

    @property
    def environment(self) -> dict[str, str]:
        """What a service needs in order to find it."""
        return {"WEIR_NATS_URL": self.url, "WEIR_NATS_TOKEN": TOKEN}


@contextmanager
def serve_nats(folder: Path) -> Iterator[NATSServer]:
    server = NATSServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NATSServer]:
    """A server of the test's own, which it may kill."""
    with serve_nats(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def module_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NATSServer]:
    """A server that a module's tests share."""
    with serve_nats(tmp_path_factory.mktemp("nats")) as server:
        yield server
