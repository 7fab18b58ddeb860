"""Fetching from a real server on loopback, which the operator allows or does not."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator

import pytest

from libs.egress import Egress, EgressRefused, EgressUnresolved, FetchFailed, fetch

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
PICTURE = b"\x89PNG picture"


class Web:
    """Answers by path; remembers the head of every request."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.port = 0
        self.answers: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def redirect(self, path: str, location: str) -> None:
        self.answers[path] = b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % (
            location.encode()
        )

    def give(self, path: str, body: bytes, *, says: int | None = None) -> None:
        size = len(body) if says is None else says
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {size}\r\n\r\n"
        self.answers[path] = head.encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        path = head.split(" ", 2)[1]
        missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        writer.write(self.answers.get(path, missing))
        if path == "/silent":
            await reader.read()
        writer.close()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    server = await asyncio.start_server(web.serve, "127.0.0.1", 0)
    web.port = server.sockets[0].getsockname()[1]
    yield web
    server.close()
    await server.wait_closed()


async def test_body_and_type_of_what_is_there_are_fetched(web: Web) -> None:
    web.give("/logo.png?v=2", PICTURE)
    got = await fetch(Egress(LOOPBACK), f"{web.url}/logo.png?v=2#part", max_bytes=100)
    assert (got.body, got.content_type) == (PICTURE, "image/png")


async def test_server_is_asked_by_its_name_at_the_judged_address(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        assert host == "logo.example"
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    web.give("/x", PICTURE)
    await fetch(Egress(LOOPBACK), f"http://logo.example:{web.port}/x", max_bytes=100)
    assert f"host: logo.example:{web.port}" in web.heads[0].lower()


async def test_redirects_are_followed(web: Web) -> None:
    web.redirect("/a", "/b")
    web.redirect("/b", f"{web.url}/c")
    web.give("/c", PICTURE)
    assert (await fetch(Egress(LOOPBACK), f"{web.url}/a", max_bytes=100)).body == PICTURE


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://2852039166/",
        "//192.168.0.1/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "ftp://127.0.0.1/",
    ],
)
async def test_redirect_into_the_house_is_refused(web: Web, location: str) -> None:
    web.redirect("/a", location)
    with pytest.raises(EgressRefused):
        await fetch(Egress(LOOPBACK), f"{web.url}/a", max_bytes=100)


@pytest.mark.parametrize(
    "url",
    [
        "", "logo.png", "file:///etc/passwd", "data:image/png;base64,AAAA", "javascript:alert(1)",
        "http://", "http:///x", "http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:0/",
        "http://me:secret@example.com/", "https://" + "x" * 3000,
    ],
)  # fmt: skip
async def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(EgressRefused):
        await fetch(Egress(LOOPBACK), url, max_bytes=100)


async def test_nothing_inside_is_asked_without_leave(web: Web) -> None:
    web.give("/x", PICTURE)
    with pytest.raises(EgressRefused, match="WEIR_EGRESS_ALLOW"):
        await fetch(Egress(), f"{web.url}/x", max_bytes=100)
    assert web.heads == []


async def test_name_without_address_is_said_to_have_none() -> None:
    with pytest.raises(EgressUnresolved):
        await fetch(Egress(), "http://no-such-name.invalid/x", max_bytes=100)


async def test_servers_that_do_not_give_it_are_told_apart(web: Web) -> None:
    egress = Egress(LOOPBACK)
    web.redirect("/loop", "/loop")
    web.give("/large", bytes(101))
    web.give("/short", b"half", says=8)
    web.answers["/garbage"] = b"\x00\x01\x02\r\n\r\n"
    web.answers["/silent"] = b""
    for path, why in {
        "/missing": "status 404",
        "/loop": "more than 5 times",
        "/large": "more than 100 bytes",
        "/short": "cannot be fetched from",
        "/garbage": "cannot be fetched from",
        "/silent": "within 0.5 s",
    }.items():
        with pytest.raises(FetchFailed, match=why):
            await fetch(egress, f"{web.url}{path}", max_bytes=100, timeout_s=0.5)
    with pytest.raises(FetchFailed, match="cannot be fetched from"):
        await fetch(egress, "http://127.0.0.1:1/", max_bytes=100)
