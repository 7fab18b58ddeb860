import asyncio
from collections.abc import AsyncIterator

import pytest

from services.catalog.ingests import IngestGone, Ingests, IngestSilent
from services.catalog.reconcile import Ingest

TOKEN = "an internal token of this test"


class Listener:
    """An ingest's internal listener that answers each request with the same bytes."""

    def __init__(self) -> None:
        self.url = ""
        self.answer = b""
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def says(self, body: bytes, status: str = "200 OK") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.answer = head.encode() + body


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield listener
    server.close()
    await server.wait_closed()


@pytest.fixture
async def ingests() -> AsyncIterator[Ingests]:
    ingests = Ingests(TOKEN)
    yield ingests
    await ingests.close()


async def test_ingest_is_asked_with_the_internal_token(
    listener: Listener, ingests: Ingests
) -> None:
    listener.says(b'{"sessions": [{"session": "a", "is_publishing": true}, {"session": "b"}]}')
    assert await ingests.held_by(Ingest("i", listener.url)) == {"a", "b"}
    assert listener.heads[0].startswith(b"GET /sessions HTTP/1.1\r\n")
    assert b"authorization: bearer " + TOKEN.encode() in listener.heads[0].lower()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", "200 OK"),
        (b"not json", "200 OK"),
        (b'{"sessions": [{}]}', "200 OK"),
        (b'{"sessions": []}', "500 Internal Server Error"),
        (b'{"sessions": []}', "401 Unauthorized"),
        (b"", "302 Found"),
    ],
)
async def test_answer_that_says_nothing_is_no_proof_of_absence(
    listener: Listener, ingests: Ingests, body: bytes, status: str
) -> None:
    listener.says(body, status)
    with pytest.raises(IngestSilent):
        await ingests.held_by(Ingest("i", listener.url))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "http://[", ""])
async def test_ingest_out_of_reach_is_silent(ingests: Ingests, url: str) -> None:
    with pytest.raises(IngestSilent):
        await ingests.held_by(Ingest("i", url))


async def test_ingest_whose_port_is_closed_is_gone(listener: Listener, ingests: Ingests) -> None:
    with pytest.raises(IngestGone):
        await ingests.held_by(Ingest("i", "http://127.0.0.1:1"))
    listener.says(b"", "500 Internal Server Error")
    with pytest.raises(IngestSilent) as caught:
        await ingests.held_by(Ingest("i", listener.url))
    assert not isinstance(caught.value, IngestGone)
