"""A bus and a program that says facts on it, and takes and inserts them itself."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from bench import processes
from bench.servers.server import Server
from libs.launcher.nats_server import find_nats_server, write_nats_config
from services.catalog.migrate import migrate

TOKEN = "bench"


class BareEvents(Server):
    """The same server as Weir's bus, configured alike, and an empty database of Weir's schema."""

    name: ClassVar[str] = "bare loop"

    @property
    def database(self) -> Path:
        return self.folder / "bare.db"

    def start(self) -> None:
        config = self.folder / "nats.conf"
        port = self.http[1]
        write_nats_config(config, port=port, store=self.folder / "nats", token=TOKEN)
        self.process = processes.start([find_nats_server(), "--config", config], folder=self.folder)
        self.await_port(self.http)
        asyncio.run(migrate(f"sqlite:///{self.database}"))

    def say(self, *arguments: int) -> subprocess.Popen[bytes]:
        """Start the program; what it says goes to `said/said.log`."""
        url = f"nats://{self.http[0]}:{self.http[1]}"
        return start_program(self.folder, "bare_events", self.database, url, TOKEN, *arguments)


def start_program(folder: Path, name: str, *arguments: object) -> subprocess.Popen[bytes]:
    """A program of this package that needs others of ours; its log is in the folder `said`."""
    return processes.start(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        folder=folder / "said",
        environment={"PYTHONPATH": str(Path(__file__).parents[2])},
    )
