"""A request whose body goes on for long, and which may be answered before that has ended.

The answer is read while we write. General HTTP clients read it when all is written, and lose the
one that says why the other side has closed the connection.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, cast
from urllib.parse import urlsplit

CONNECT_S = 2.0
STALL_S = 10.0
"""How long the other side may take nothing while much is waiting."""
UNSENT_BYTES = 4 << 20
MAX_ANSWER_BYTES = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"


class Answer(NamedTuple):
    status: int
    """0: there came none."""
    body: bytes = b""


class OpenRequest(asyncio.Protocol):
    """`answered` is done as soon as there is an answer, or the connection is gone."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._heard = bytearray()
        self._transport: asyncio.WriteTransport

    @classmethod
    async def open(cls, method: str, url: str, headers: Mapping[str, str]) -> "OpenRequest":
        """Raises `OSError` if nobody takes it."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Transfer-Encoding: chunked",
            "Connection: close",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        async with asyncio.timeout(CONNECT_S):
            _, request = await asyncio.get_running_loop().create_connection(
                cls, parts.hostname or "", parts.port or 80
            )
        request._transport.set_write_buffer_limits(high=UNSENT_BYTES)
        request._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        return request

    async def send(self, data: bytes) -> None:
        """A piece of the body; waits while too much is unsent. Once there is an answer it goes
        nowhere. Raises `TimeoutError`.
        """
        if self.answered.done() or not data:
            return
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        if self._may_write.is_set():
            return  # a timer for each frame would cost as much as the frame
        async with asyncio.timeout(STALL_S):
            await self._may_write.wait()

    async def end(self, within_s: float) -> None:
        """Nothing more comes: the body ends, and the answer is awaited for a while."""
        if not self.answered.done():
            self._transport.write(b"0\r\n\r\n")
            await asyncio.wait({self.answered}, timeout=within_s)

    def abort(self) -> None:
        self.answered.cancel()
        self._transport.abort()

    # --- what asyncio calls ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        self._settle(_read(bytes(self._heard), is_all=len(self._heard) > MAX_ANSWER_BYTES))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._settle(_read(bytes(self._heard), is_all=True))
        self._may_write.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def _settle(self, answer: Answer | None) -> None:
        if answer is not None and not self.answered.done():
            self.answered.set_result(answer)
            self._may_write.set()


def _read(heard: bytes, *, is_all: bool) -> Answer | None:
    """The answer; None: more of it has to come (RFC 9112, section 6)."""
    head, end, body = heard.partition(_END_OF_HEAD)
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split()
    if not end or len(words) <= 1 or not words[1].isdigit():
        return Answer(0) if is_all or end else None
    fields = (line.partition(":") for line in lines[1:])
    lengths = {name.strip().lower(): value.strip() for name, _, value in fields}
    length = lengths.get("content-length", "")
    if is_all or (length.isdigit() and len(body) >= int(length)):
        return Answer(int(words[1]), body)
    return None
