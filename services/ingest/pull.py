"""A pull: a log's tags over HTTP, past ASGI at the live edge.

What ASGI does with a piece (a task that wakes, a message, a coroutine or two) costs ten times the
writing of it. So a reader that has caught up is written to as the tags are numbered, on its
connection's transport; ASGI carries the prologue, everything that needs waiting, and the end.
"""

import asyncio
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from libs.service import TRANSPORT
from services.ingest.tag_log import TagLog

UNSENT_BYTES = 256 * 1024
"""Past it a reader is slow: it gets the rest as it takes it, from the replay window."""


class Pull(StreamingResponse):
    """From tag `wanted` on, or from the oldest one that is left."""

    def __init__(
        self,
        log: TagLog,
        wanted: int,
        *,
        epoch: int | None,
        reader: str,
        is_inside: bool = False,
    ) -> None:
        headers = {"Cache-Control": "no-store"}
        super().__init__(_Nothing(), media_type="video/x-flv", headers=headers)
        self._log = log
        self._wanted = wanted
        self._epoch = epoch
        self._reader = reader
        self._is_inside = is_inside
        self._transport: asyncio.WriteTransport | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport = scope.get("extensions", {}).get(TRANSPORT)
        await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        log, replay = self._log, self._log.replay
        first = min(max(self._wanted, replay.oldest_tag), log.next_tag)
        status = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(status)
        await send(_body(log.prologue(first, wanted=self._wanted)))
        write = self._write if self._transport is not None else None
        pieces = log.read(
            first,
            epoch=self._epoch,
            reader=self._reader,
            is_inside=self._is_inside,
            write=write,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                await send(_body(piece))
        await send(_body(b"", is_last=True))

    def _write(self, piece: bytes) -> bool:
        """Write past ASGI, which has begun a body in chunks (RFC 9112, 7.1); False: not now."""
        transport = self._transport
        if (
            transport is None
            or transport.is_closing()
            or transport.get_write_buffer_size() > UNSENT_BYTES
        ):
            return False
        transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        return True


class _Nothing:
    """The content of a `StreamingResponse` that makes its own."""

    def __aiter__(self) -> "_Nothing":
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration


def _body(piece: bytes, *, is_last: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": piece, "more_body": not is_last}
