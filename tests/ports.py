"""Ports for what tests start: one block of them for each process that runs tests."""

import fcntl
import functools
import socket
import tempfile
from collections import deque
from pathlib import Path
from typing import IO

SIZE = 200
BLOCKS = range(10_000, 20_000, SIZE)
"""Below the ports that `weir up` chooses for itself, and those of outgoing connections."""


class _Block:
    """Ports that no other run of tests on this machine is given while this process lives."""

    def __init__(self) -> None:
        first, self._held = _hold_block()
        self._ports = deque(range(first, first + SIZE))

    def take(self) -> int:
        """A port that nobody listens on; all others come before it is given again."""
        for _ in range(SIZE):
            port = self._ports[0]
            self._ports.rotate(-1)
            if _is_free(port):
                return port
        raise AssertionError(f"something listens on all of {sorted(self._ports)}")


def _hold_block() -> tuple[int, IO[str]]:
    for first in BLOCKS:
        try:
            file = (Path(tempfile.gettempdir()) / f"weir-test-ports-{first}").open("w")
        except PermissionError:
            continue  # another user's
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            return first, file
    raise AssertionError(f"{len(BLOCKS)} runs of tests hold all ports of {BLOCKS}")


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("0.0.0.0", port)).close()
    except OSError:
        return False
    return True


@functools.cache
def _block() -> _Block:
    return _Block()


def free_port() -> int:
    """A TCP port for a server that a test starts now or soon."""
    return _block().take()
