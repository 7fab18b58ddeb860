"""HTTP/1.1 for the loader: one request at a time on a kept connection."""

import re
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from bench.connection import Address, Connection
from bench.loop import BUFFER, Loop
from bench.rtmp import ServerRefused

_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_SIZE = len(BUFFER)


class Reply(NamedTuple):
    status: int
    size: int
    """Of the body."""
    body: bytes
    """Empty if it was thrown away."""
    asked_at: float
    last_byte_at: float

    @property
    def took_ms(self) -> float:
        return 1000 * (self.last_byte_at - self.asked_at)


class HTTPClient:
    """A connection that asks; every answer must have a length.

    A body that nobody wants is thrown away in the kernel.
    """

    def __init__(self, loop: Loop, address: Address, *, source: str = "127.0.0.1") -> None:
        self._connection = Connection(loop, address, on_readable=self._on_readable, source=source)
        self._socket = self._connection.socket
        self._host = f"{address[0]}:{address[1]}"
        self._on_reply: Callable[[Reply], None] | None = None
        self._keeps_body = True
        self._asked_at = 0.0
        self._head = b""
        self._status = 0
        self._size = 0
        self._missing = -1
        """Bytes of the body that are still to come; -1 while the head is read."""
        self._body: list[bytes] = []

    @property
    def is_busy(self) -> bool:
        return self._on_reply is not None

    def get(
        self,
        path: str,
        on_reply: Callable[[Reply], None],
        *,
        keeps_body: bool = True,
        headers: str = "",
    ) -> None:
        assert self._on_reply is None, "one request at a time"
        self._on_reply = on_reply
        self._keeps_body = keeps_body
        self._head, self._missing = b"", -1
        self._body = []
        self._asked_at = time.monotonic()
        request = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}\r\n"
        self._connection.send(request.encode())

    def close(self) -> None:
        self._connection.close()

    def _on_readable(self) -> None:
        is_discarding = self._missing > 0 and not self._keeps_body
        flags = socket.MSG_TRUNC if is_discarding else 0
        try:
            # Never more than this answer: what MSG_TRUNC throws away is gone.
            limit = self._missing if is_discarding else _SIZE
            size = self._socket.recv_into(BUFFER, min(limit, _SIZE), flags)
        except BlockingIOError:
            return
        if not size:
            self.close()
            if self._on_reply is not None:
                raise ServerRefused("The server closed the connection before it answered.")
            return
        if self._missing < 0:
            self._read_head(bytes(BUFFER[:size]))
        else:
            if self._keeps_body:
                self._body.append(bytes(BUFFER[:size]))
            self._missing -= size
        if self._missing == 0:
            self._finish()

    def _read_head(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        found = _LENGTH.search(head)
        self._status = int(head[9:12])
        self._size = int(found.group(1)) if found else 0
        self._missing = self._size - len(rest)
        if self._keeps_body:
            self._body = [rest]

    def _finish(self) -> None:
        on_reply, self._on_reply = self._on_reply, None
        assert on_reply is not None
        body = b"".join(self._body)
        self._missing = -1
        on_reply(Reply(self._status, self._size, body, self._asked_at, time.monotonic()))
