"""What somebody reached for: files that this interpreter opens, that anybody opens, and hosts."""

import ctypes
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_IN_ANY_USE = 0x00000001 | 0x00000002 | 0x00000020 | 0x00000200 | 0x00000400
"""Read, written, opened; deleted, it or what is in it."""
_NONBLOCKING = 0o4000
_NEEDED = ("/usr/share/fonts/", sys.prefix, sys.base_prefix + "/lib")
_EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class Opened:
    """The files, processes and hosts that the interpreter was asked for while it listened; fonts
    and modules are what drawing needs.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._listens = False
        sys.addaudithook(self._hear)  # it cannot be taken away again, so it can be deaf

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        self.names.clear()
        self._listens = True
        try:
            yield self.names
        finally:
            self._listens = False

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._listens:
            return
        if event == "open" and not str(args[0]).startswith(_NEEDED):
            self.names.append(str(args[0]))
        if event.startswith(("socket.", "subprocess.", "os.system", "os.exec")):
            self.names.append(event)


class Sentinel:
    """A file that nobody has business with: the kernel tells of every use, by any process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("secret")
        self._inotify = _libc.inotify_init1(_NONBLOCKING)
        assert self._inotify >= 0
        assert _libc.inotify_add_watch(self._inotify, bytes(path), _IN_ANY_USE) >= 0

    def uses(self) -> int:
        """How often it was used since this was asked last."""
        count = 0
        try:
            while data := os.read(self._inotify, 4096):
                at = 0
                while at < len(data):
                    *_, name_bytes = _EVENT.unpack_from(data, at)
                    at += _EVENT.size + name_bytes
                    count += 1
        except BlockingIOError:
            return count
        return count

    def close(self) -> None:
        os.close(self._inotify)


class Canary:
    """A port of loopback, and how often somebody came to it."""

    def __init__(self) -> None:
        self.hits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._count)
        self._thread.start()

    def _count(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if connection.recv(4) == b"over":
                connection.close()
                return
            self.hits += 1
            connection.close()

    def close(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"over")
        self._thread.join()
        self._socket.close()
