"""A long GET, against a server that says exactly the bytes that a case needs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from libs import pull
from libs.pull import Pull, PullBroken, open_pull

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@asynccontextmanager
async def pulled(
    say: Say, *, path: str = "/flv/1?after=-1", silence_s: float = 5.0
) -> AsyncIterator[tuple[Pull, list[bytes]]]:
    """A pull from a server that answers with `say`, and the request that it got."""
    requests: list[bytes] = []
    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            await say(writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}"
    try:
        async with open_pull(
            url, headers={"x-token": "secret"}, connect_s=2, silence_s=silence_s
        ) as answer:
            yield answer, requests
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def test_body_comes_piece_by_piece_without_its_framing() -> None:
    more = asyncio.Event()

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"one"))
        await more.wait()
        writer.write(chunk(b"two") + b"0\r\n\r\n")

    async with pulled(say) as (answer, requests):
        pieces = aiter(answer)
        assert answer.status == 200
        assert await anext(pieces) == b"one"
        more.set()
        assert [data async for data in pieces] == [b"two"]
    assert requests[0].startswith(b"GET /flv/1?after=-1 HTTP/1.1\r\n")
    assert b"x-token: secret\r\n" in requests[0]


async def test_pieces_are_handed_over_where_they_are_read() -> None:
    more = asyncio.Event()

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"one"))
        await more.wait()
        writer.write(chunk(b"two") + b"0\r\n\r\n")

    taken: list[bytes] = []

    def take(data: bytes) -> None:
        taken.append(data)
        more.set()

    async with pulled(say) as (answer, _):
        async with asyncio.timeout(5):
            await answer.each(take)
    assert taken == [b"one", b"two"]


async def test_who_cannot_take_a_piece_gets_no_other() -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(HEAD + chunk(b"one"))
            await writer.drain()
            await asyncio.sleep(0.01)

    taken: list[bytes] = []

    def take(data: bytes) -> None:
        taken.append(data)
        raise LookupError

    async with pulled(say) as (answer, _), asyncio.timeout(5):
        with pytest.raises(LookupError):
            await answer.each(take)
        assert taken == [b"one"]


@pytest.mark.parametrize("end", [b"", b"nonsense"])
async def test_break_is_raised_to_who_takes_the_pieces(end: bytes) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"one") + end)

    async with pulled(say) as (answer, _), asyncio.timeout(5):
        with pytest.raises(PullBroken):
            await answer.each(lambda _: None)


async def test_refusal_is_a_status_and_a_text() -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 409 Conflict\r\nContent-Length: 6\r\n\r\nfenced")

    async with pulled(say) as (answer, _):
        assert (answer.status, await answer.read()) == (409, b"fenced")


async def test_end_in_the_middle_is_an_error_after_what_came() -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"half"))

    async with pulled(say) as (answer, _):
        pieces = aiter(answer)
        assert await anext(pieces) == b"half"
        with pytest.raises(PullBroken, match="broke off"):
            await anext(pieces)


async def test_silence_is_an_error() -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"x"))
        await writer.drain()
        await asyncio.sleep(5)

    async with pulled(say, silence_s=0.2) as (answer, _):
        with pytest.raises(PullBroken, match="said nothing"):
            await answer.read()


async def test_what_is_not_http_is_an_error() -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x03garbage\r\n\r\n")

    with pytest.raises(PullBroken, match="HTTP"):
        async with pulled(say):
            pass


async def test_nobody_there_is_an_error() -> None:
    with pytest.raises(PullBroken, match="cannot be reached"):
        async with open_pull("http://127.0.0.1:1/", headers={}, connect_s=1, silence_s=1):
            pass


async def test_reader_that_is_slow_makes_the_sender_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull, "MAX_UNREAD_BYTES", 100_000)
    size, sent = 200_000, 0

    async def say(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(HEAD)
        for _ in range(100):
            writer.write(chunk(bytes(size)))
            await writer.drain()
            sent += size
        writer.write(b"0\r\n\r\n")

    async with pulled(say, silence_s=0.5) as (answer, _):
        await asyncio.sleep(0.8)  # longer than the silence: it is we who do not read
        assert sent < 100 * size
        assert sum([len(data) async for data in answer]) == 100 * size
