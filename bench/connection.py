"""A non-blocking TCP connection of the loader."""

import contextlib
import errno
import select
import socket
from collections.abc import Callable

from bench.loop import Loop

Address = tuple[str, int]
RECEIVE_BYTES = 1024 * 1024
"""The same for every server: a peer must not be slow because its viewers were short of room."""


def source_of(number: int) -> str:
    """The address that peer `number` comes from: no server sees all of them behind one."""
    return f"127.0.0.{2 + number % 19}"


class Connection:
    """Connects at once; sends what it is given, in order; `on_bytes` reads for itself."""

    def __init__(
        self,
        loop: Loop,
        address: Address,
        *,
        on_readable: Callable[[], None],
        source: str = "127.0.0.1",
        receive_bytes: int = RECEIVE_BYTES,
    ) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.setblocking(False)
        self.socket.bind((source, 0))
        self._loop = loop
        self._on_readable = on_readable
        self._unsent: list[bytes] = []
        self.is_closed = False
        result = self.socket.connect_ex(address)
        if result not in (0, errno.EINPROGRESS):
            raise OSError(result, f"{address}: {errno.errorcode[result]}")
        loop.watch(self.socket.fileno(), self._on_event, select.EPOLLIN | select.EPOLLOUT)
        loop.on_close(self.close)

    @property
    def unsent_bytes(self) -> int:
        return sum(map(len, self._unsent))

    def hand_over(self, on_event: Callable[[int], None]) -> None:
        """Nothing more is sent; `on_event` reads the socket from now on."""
        fd = self.socket.fileno()
        self._loop.change(fd, select.EPOLLIN)
        self._loop.rehandle(fd, on_event)

    def send(self, data: bytes) -> None:
        if self._unsent:
            self._unsent.append(data)
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._unsent.append(data[sent:])
            self._loop.change(self.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._loop.forget(self.socket.fileno())
            self.socket.close()

    def _on_event(self, events: int) -> None:
        if events & select.EPOLLOUT:
            self._flush()
        if events & ~select.EPOLLOUT and not self.is_closed:
            self._on_readable()

    def _flush(self) -> None:
        failed = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, f"the server refused: {errno.errorcode[failed]}")
        unsent, self._unsent = self._unsent, []
        if unsent:
            data = b"".join(unsent)
            sent = 0
            with contextlib.suppress(BlockingIOError):
                sent = self.socket.send(data)
            if sent < len(data):
                self._unsent = [data[sent:]]
        if not self._unsent:
            self._loop.change(self.socket.fileno(), select.EPOLLIN)
