"""What every measured server looks like to a row."""

import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from bench import processes
from bench.connection import Address

READY_S = 60.0


PORTS = range(18000, 32000)
"""Below the kernel's own choice, which thousands of viewers have just used."""


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
        return port


class Server:
    """Started on entering, stopped on leaving; works in a folder of its own."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="weir-bench-"))
        self.http: Address = ("127.0.0.1", free_port())
        self.rtmp: Address = ("127.0.0.1", free_port())
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            for pid in self.pids():
                processes.favour(pid)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Return when it serves."""
        raise NotImplementedError

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def pids(self) -> list[int]:
        """Every process that works for a row."""
        assert self.process is not None
        return processes.family(self.process.pid)

    def new_stream(self) -> "Stream":
        """A stream that nobody has published yet."""
        raise NotImplementedError

    def await_port(self, address: Address) -> None:
        """Until the port takes connections."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(address) == 0:
                    return
            time.sleep(0.05)
        said = (self.folder / "said.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.name} did not start:\n{said}")


class Stream:
    """Where one stream is published and watched."""

    def __init__(self, name: str, *, push: str, flv: str) -> None:
        self.name = name
        self.push = push
        """Name to publish, with what authorises it."""
        self.flv = flv
        """Path of its HTTP-FLV."""
