"""Small programs beside the rows of row 20."""

import sys
from pathlib import Path
from typing import ClassVar

from bench import processes
from bench.servers.server import Server

_FOLDER = Path(__file__).parent.parent


class Sink(Server):
    """Takes traces, on the loader's core."""

    name: ClassVar[str] = "sink"

    def start(self) -> None:
        argv = [sys.executable, "-P", _FOLDER / "sink.py", str(self.http[1])]
        self.process = processes.start(argv, folder=self.folder, core=processes.LOADER_CORE)
        self.await_port(self.http)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http[1]}"


class BareAPI(Server):
    """FastAPI with one route and nothing else."""

    name: ClassVar[str] = "bare FastAPI"

    def start(self) -> None:
        argv = [sys.executable, "-P", _FOLDER / "bare_api.py", str(self.http[1])]
        self.process = processes.start(argv, folder=self.folder)
        self.await_port(self.http)
