"""The raw sender as a server: the limit that FLV fan-out is held against."""

import sys
from pathlib import Path
from typing import ClassVar

from bench import processes
from bench.servers.server import Server, Stream

_PROGRAM = Path(__file__).parent.parent / "raw_sender.py"


class RawSender(Server):
    """Publishers connect to `rtmp`, but send FLV; viewers to `http`."""

    name: ClassVar[str] = "raw send"
    tick_ms: ClassVar[int] = 90

    def start(self) -> None:
        argv = [
            sys.executable,
            "-P",
            _PROGRAM,
            str(self.rtmp[1]),
            str(self.http[1]),
            str(self.tick_ms),
        ]
        self.process = processes.start(argv, folder=self.folder)
        self.await_port(self.http)

    def new_stream(self) -> Stream:
        return Stream("raw", push="", flv="/")


class Echo(RawSender):
    """The same without gathering: what TCP itself costs in time."""

    name: ClassVar[str] = "TCP echo"
    tick_ms: ClassVar[int] = 0
