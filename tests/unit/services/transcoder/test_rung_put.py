"""One long request, against a server that answers when it likes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.transcoder.errors import TakeFailed
from services.transcoder.rung_put import PutTo, RungPut, check_status
from tests.waiting import until


class Far:
    """Keeps what it is sent; answers and goes when it is told to."""

    def __init__(self) -> None:
        self.heard = b""
        self.answer = asyncio.Event()
        self.status = "200 OK"
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def listen() -> None:
            while data := await reader.read(65536):
                self.heard += data

        listening = asyncio.create_task(listen())
        await self.answer.wait()
        if self.status:
            writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 0\r\n\r\n".encode())
        writer.close()
        listening.cancel()


@asynccontextmanager
async def far_end() -> AsyncIterator[Far]:
    far = Far()
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    far.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield far
    far.answer.set()
    server.close()


def to(url: str) -> PutTo:
    return PutTo(url, "t0ken", "session", "720p", epoch=3, take=2, from_tag=41)


async def test_body_goes_on_and_ends_when_it_is_told_to() -> None:
    async with far_end() as far:
        put = await RungPut.open(to(far.url))
        await put.send(b"abc")
        await put.send(b"")
        await until(lambda: b"abc" in far.heard)
        assert put.status is None
        ending = asyncio.create_task(put.end())
        await until(lambda: far.heard.endswith(b"0\r\n\r\n"))
        far.answer.set()
        await ending
    head, _, body = far.heard.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /flv/session/720p?epoch=3&take=2&from=41 HTTP/1.1\r\n")
    assert b"Authorization: Bearer t0ken" in head
    assert body == b"3\r\nabc\r\n0\r\n\r\n"


@pytest.mark.parametrize(("said", "status"), [("409 Conflict", 409), ("", 0)])
async def test_early_answer_is_heard_and_nothing_more_is_sent(said: str, status: int) -> None:
    async with far_end() as far:
        put = await RungPut.open(to(far.url))
        far.status = said
        far.answer.set()
        await until(lambda: put.status == status)
        await put.send(b"late")
        await put.end()
    assert b"late" not in far.heard


async def test_ingest_that_is_not_there_fails_the_take() -> None:
    async with far_end() as far:
        url = far.url
    with pytest.raises(TakeFailed) as caught:
        await RungPut.open(to(url))
    assert caught.value.cause == "ingest_away"


def test_only_a_successor_may_end_a_rung() -> None:
    check_status(200)
    check_status(409)
    for status in (0, 404, 500):
        with pytest.raises(TakeFailed):
            check_status(status)
