"""One `PUT /flv/<session>/<rung>`: a request whose body goes on as long as the rung is made.

Ingest may answer before the body has ended (409 when another process has the rung), so the answer
is read while we write; general HTTP clients do not.
"""

import asyncio
import contextlib
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from services.transcoder.errors import TakeFailed

CONNECT_S = 2.0
STALL_S = 10.0
"""How long ingest may take nothing while much is waiting."""
UNSENT_BYTES = 4 << 20
ANSWER_S = 2.0
_HEAD_BYTES = 16 * 1024


class PutTo(NamedTuple):
    """Which rung of which process."""

    origin_url: str
    token: str
    session: str
    rung: str
    epoch: int
    take: int
    from_tag: int | None
    """At which decoding began; None: all of it counts."""
    is_marked: bool = False


class RungPut:
    """`answered` is done as soon as ingest has answered, or its connection is gone (0)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answered: asyncio.Task[int] = asyncio.create_task(_read_status(reader))
        self._writer = writer

    @classmethod
    async def open(cls, to: PutTo) -> "RungPut":
        """Raises `TakeFailed`."""
        parts = urlsplit(to.origin_url)
        target = (
            f"{parts.path.rstrip('/')}/flv/{to.session}/{to.rung}"
            f"?epoch={to.epoch}&take={to.take}"
            f"{'' if to.from_tag is None else f'&from={to.from_tag}'}"
            f"{'&marked=1' if to.is_marked else ''}"
        )
        lines = (
            f"PUT {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Authorization: Bearer {to.token}",
            "Content-Type: video/x-flv",
            "Transfer-Encoding: chunked",
            "Connection: close",
        )
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(
                    parts.hostname, parts.port or 80, limit=_HEAD_BYTES
                )
        except (OSError, TimeoutError) as error:
            raise TakeFailed("ingest_away", f"Ingest does not take rungs: {error!r}.") from None
        writer.transport.set_write_buffer_limits(high=UNSENT_BYTES)
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return cls(reader, writer)

    async def send(self, data: bytes) -> None:
        """A piece of the body; waits while too much is unsent. Raises `TakeFailed`.

        Once ingest has answered it goes nowhere.
        """
        if self.answered.done() or not data:
            return
        self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        if self._writer.transport.get_write_buffer_size() <= UNSENT_BYTES:
            return  # a timer for each frame would cost as much as the frame
        try:
            async with asyncio.timeout(STALL_S):
                await self._writer.drain()
        except TimeoutError:
            raise TakeFailed("ingest_away", "Ingest takes nothing of a rung.") from None
        except ConnectionError:
            return  # the answer, or that there is none, says why

    async def end(self) -> None:
        """Nothing more comes: the body ends, and ingest's answer is awaited for a moment."""
        if not self.answered.done():
            self._writer.write(b"0\r\n\r\n")
            await asyncio.wait({self.answered}, timeout=ANSWER_S)
        self.abort()

    def abort(self) -> None:
        self.answered.cancel()
        self._writer.transport.abort()

    @property
    def status(self) -> int | None:
        """Ingest's answer, 0 if it went without one, None if it has not answered."""
        if not self.answered.done() or self.answered.cancelled():
            return None
        return self.answered.result()


async def _read_status(reader: asyncio.StreamReader) -> int:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        line = await reader.readuntil(b"\r\n")
        parts = line.split(None, 2)
        if len(parts) > 1 and parts[1].isdigit():
            return int(parts[1])
    return 0


def check_status(status: int) -> None:
    """Raises what an early answer means, unless another process has taken the rung over."""
    if status not in (HTTPStatus.OK, HTTPStatus.CONFLICT):
        raise TakeFailed("ingest_away", f"Ingest ended a rung: {status or 'it went'}.")
