"""Posting to a real server on loopback, which the operator allows or does not."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from libs.egress import Egress, EgressRefused, EgressUnresolved, FetchFailed, Poster, post
from tests.certificates import make_certificate

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


class Receiver:
    """Answers as it is told; remembers what came."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[tuple[str, bytes]] = []
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.hangs = False
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.got.append((head, await reader.readexactly(length)))
        writer.write(self.answer)
        if self.hangs:
            await reader.read()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()
    await server.wait_closed()


@pytest.fixture
async def poster() -> AsyncIterator[Poster]:
    poster = Poster(Egress(LOOPBACK))
    yield poster
    await poster.close()


@contextmanager
def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> Iterator[SimpleNamespace]:
    """A resolver that answers differently each time."""
    asked = SimpleNamespace(count=0)

    async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        address = answers[min(asked.count, len(answers) - 1)]
        asked.count += 1
        return [(0, 0, 0, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    yield asked


async def test_body_and_headers_arrive_as_they_are(receiver: Receiver, poster: Poster) -> None:
    receiver.answer = b"HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 8\r\n\r\n<script>"
    body = b'{"a":"\xc3\xa4"}'
    answered = await poster.post(receiver.url, body, {"webhook-id": "evt_1", "host": "evil"})
    ((head, got),) = receiver.got
    assert got == body
    assert "webhook-id: evt_1" in head
    assert f"host: 127.0.0.1:{receiver.port}" in head
    assert (answered.status, answered.body, answered.retry_after) == (429, b"<script>", "7")


async def test_redirect_is_an_answer_and_not_followed(receiver: Receiver, poster: Poster) -> None:
    receiver.answer = b"HTTP/1.1 307 No\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n"
    assert (await poster.post(receiver.url, b"{}", {})).status == 307
    assert len(receiver.got) == 1


async def test_address_within_is_refused_and_not_connected_to(receiver: Receiver) -> None:
    poster = Poster(Egress())
    with pytest.raises(EgressRefused, match="WEIR_EGRESS_ALLOW"):
        await poster.post(receiver.url, b"{}", {})
    assert receiver.connections == 0
    await poster.close()


async def test_name_that_turns_inward_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: it is looked up once, and what was judged is what is connected to."""
    poster = Poster(Egress())
    url = f"http://hooks.example:{receiver.port}/"
    with resolving(monkeypatch, "127.0.0.1"), pytest.raises(EgressRefused):
        await poster.post(url, b"{}", {})
    monkeypatch.setattr(post, "TOTAL_S", 0.2)
    with resolving(monkeypatch, "192.0.2.1", "127.0.0.1") as asked, pytest.raises(EgressRefused):
        await poster.post(url, b"{}", {})  # TEST-NET-1 is not out in the world
    with resolving(monkeypatch, "198.51.99.1", "127.0.0.1") as asked, pytest.raises(FetchFailed):
        await poster.post(url, b"{}", {})
    assert asked.count == 1
    assert receiver.connections == 0
    await poster.close()


async def test_hanging_receiver_is_given_up_in_time(
    receiver: Receiver, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "TOTAL_S", 0.3)
    receiver.hangs, receiver.answer = True, b""
    with pytest.raises(FetchFailed, match="no answer within"):
        await poster.post(receiver.url, b"{}", {})


async def test_answer_whose_body_hangs_counts_by_its_status(
    receiver: Receiver, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "TOTAL_S", 0.3)
    receiver.hangs, receiver.answer = True, b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"
    answered = await poster.post(receiver.url, b"{}", {})
    assert (answered.status, answered.body) == (200, b"abc")


async def test_long_answer_is_not_read_to_its_end(receiver: Receiver, poster: Poster) -> None:
    receiver.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b"x" * 200_000
    answered = await poster.post(receiver.url, b"{}", {})
    assert len(answered.body) == post.MAX_ANSWER_BYTES


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "no answer"),
        (b"HTTP/1.1 999999 x\r\n\r\n", "no answer"),
        (b"garbage\r\n\r\n", "no answer"),
    ],
)
async def test_nonsense_is_no_answer(
    receiver: Receiver, poster: Poster, answer: bytes, said: str
) -> None:
    receiver.answer = answer
    with pytest.raises(FetchFailed, match=said):
        await poster.post(receiver.url, b"{}", {})


@pytest.mark.parametrize("host", ["xn--a", "\u2603" * 70, "a..b", "\udce9"])
async def test_name_in_no_known_spelling_is_refused_like_any(poster: Poster, host: str) -> None:
    with pytest.raises((FetchFailed, EgressUnresolved, EgressRefused)):
        await poster.post(f"http://{host}/", b"{}", {})


async def test_certificate_has_to_be_one_that_is_trusted(tmp_path: Path) -> None:
    pair, receiver = make_certificate(tmp_path), Receiver()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*pair)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    trusting, other = Poster(Egress(LOOPBACK), ca_file=pair.chain), Poster(Egress(LOOPBACK))
    assert (await trusting.post(url, b"{}", {})).status == 204
    with pytest.raises(FetchFailed, match="certificate"):
        await other.post(url, b"{}", {})
    assert len(receiver.got) == 1
    for poster in (trusting, other):
        await poster.close()
    server.close()
    await server.wait_closed()


async def test_nobody_there_is_said(poster: Poster, receiver: Receiver) -> None:
    with pytest.raises(FetchFailed, match="no answer"):
        await poster.post("http://127.0.0.1:1/", b"{}", {})
