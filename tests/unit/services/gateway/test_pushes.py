"""What a push comes to, at an ingest that refuses it while much of it is on its way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from libs.events import Stream
from libs.problems import problem
from services.gateway.playback.directory import Directory
from services.gateway.pushes import HTTPPushes, IngestAway, PushRefused

PIECE = bytes(1 << 20)
PIECES = 64
AT = datetime(2031, 5, 6, tzinfo=UTC)
STREAM = Stream(tenant="default", id="cam", created_at=AT, expires_at=AT, key="1-a", item={})


class NoDirectory:
    def live(self, _: str) -> None:
        return None


class Ingest:
    """Takes any time, and refuses what is posted after so many bytes of it; it reads no more."""

    def __init__(self) -> None:
        self.takes_bytes: int | None = 0
        self.url = ""
        self.heads: list[bytes] = []
        self.over = asyncio.Event()
        self.serving: list[asyncio.Task[Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.append(task)
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if head.startswith(b"GET"):
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            return
        if self.takes_bytes is None:
            writer.transport.abort()
            return
        await reader.readexactly(self.takes_bytes)
        body = problem(409, "stream_busy", "Somebody else publishes it.").body
        writer.write(b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await self.over.wait()


@pytest.fixture
async def ingest() -> AsyncIterator[Ingest]:
    made = Ingest()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    made.over.set()
    await asyncio.gather(*made.serving)
    server.close()


@pytest.fixture
async def pushes(ingest: Ingest) -> AsyncIterator[HTTPPushes]:
    async def ingests() -> list[str]:
        return [ingest.url] if ingest.url else []

    directory = cast("Directory", NoDirectory())
    made = HTTPPushes(directory, cast("Callable[[], Awaitable[list[str]]]", ingests), token="t0ken")
    yield made
    await made.close()


async def pour(pushes: HTTPPushes) -> Any:
    push = await pushes.open(STREAM, 1000, "192.0.2.7")
    try:
        for _ in range(PIECES):
            await push.send(PIECE)
        await push.finish()
    finally:
        await push.abandon()


@pytest.mark.parametrize("takes_bytes", [0, 1, 5 << 20])
async def test_refusal_is_heard_while_the_body_goes_on(
    ingest: Ingest, pushes: HTTPPushes, takes_bytes: int
) -> None:
    ingest.takes_bytes = takes_bytes
    with pytest.raises(PushRefused, match="Somebody else") as refused:
        await pour(pushes)
    assert refused.value.reason == "stream_busy"
    head = ingest.heads[1].lower()
    assert head.startswith(b"post /publish/cam?sign=1-a&wall_ms=1000 http/1.1")
    assert b"authorization: bearer t0ken" in head
    assert b"x-forwarded-for: 192.0.2.7" in head


async def test_connection_that_breaks_is_an_ingest_that_is_away(
    ingest: Ingest, pushes: HTTPPushes
) -> None:
    ingest.takes_bytes = None
    with pytest.raises(PushRefused) as refused:
        await pour(pushes)
    assert refused.value.reason == "ingest_away"
    ingest.url = ""
    with pytest.raises(IngestAway):
        await pour(pushes)
