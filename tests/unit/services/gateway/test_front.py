"""The front protocol over real sockets, on both loops: HTTP as clients and attackers speak it."""

import asyncio
import contextlib
import fcntl
import itertools
import re
import socket
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosedOK, InvalidStatus

from libs.errors import Unavailable
from services.gateway import door as door_module
from services.gateway import front
from services.gateway.door import Door
from services.gateway.playback import poller
from services.gateway.playback.audience import Audience
from services.gateway.playback.growing import Growing, Growth
from services.gateway.playback.miss import Awaited, Later
from services.gateway.playback.poller import Poller
from services.gateway.playback.reply import Asked, Immutable, Reply, headers, not_live
from services.gateway.playback.ring import Chunk, Config, Ring
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.playback.viewer import Viewer
from services.gateway.playback.websocket_viewer import WebSocketViewer
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.visit import Visit

BIG = bytes(range(256)) * 8192
PLAYLIST = Reply(200, headers(b"application/vnd.apple.mpegurl", b"no-cache"), b"#EXTM3U\n")
SESSION = "69573000-0a0b0c0d"
SEGMENT = f"/cam/{SESSION}/source/1767323000.video.m4s"
LATE = f"/cam/{SESSION}/source/1767323001.video.m4s"
BROKEN = f"/cam/{SESSION}/source/1767323002.video.m4s"
GROWING = f"/cam/{SESSION}/source/1767323009.video.m4s"
AWAY = f"/cam/{SESSION}/source/1767323003.video.m4s"


class OneFeed:
    def __init__(self) -> None:
        self.ring = Ring()
        self.audience = Audience(self.ring)

    def send(self, data: bytes) -> None:
        number = self.ring.next_number
        chunk = Chunk(number, data, number * 100, number % 10 == 0, Config(), Config())
        self.ring.append(chunk)
        self.audience.send(chunk)


class Waiting(Awaited):
    """Counts how often its answer is taken."""

    taken = 0

    def reply(self) -> Reply | Growth:
        self.taken += 1
        return super().reply()


class OneSegmentPlayer:
    """Knows one stream with a playlist, and segments that are there, late, broken or away."""

    def __init__(self) -> None:
        self.feed = OneFeed()
        self.poller = Poller()
        self.late = asyncio.Event()
        self.asked_late = asyncio.Event()
        self.left = asyncio.Event()
        self.waiting: Waiting | None = None
        self.growing = Growing(b"video/mp4")
        self.queries: list[bytes | None] = []
        self.visits: list[Visit] = []
        self.proxies = Proxies("")
        self.segment = Immutable("segment", BIG, b"video/mp4")

    def answer(self, route: MediaRoute, visit: Visit) -> Reply | Growth | Awaited:
        self.visits.append(visit)
        asked = visit.asked
        if route.stream != "cam":
            return not_live(route.stream)
        if route.kind is Kind.SEGMENT:
            return self._segment(route, asked)
        self.queries.append(asked.query)
        return PLAYLIST

    def _segment(self, route: MediaRoute, asked: Asked) -> Reply | Growth | Awaited:
        if LATE.endswith(route.name):
            self.waiting = Waiting(asyncio.create_task(self._come_late(asked)), asked)
            return self.waiting
        if AWAY.endswith(route.name):
            return Awaited(asyncio.create_task(self._be_away()), asked)
        if GROWING.endswith(route.name):
            return self.growing.answer(asked)
        if BROKEN.endswith(route.name):
            raise RuntimeError("secret detail")
        return self.segment.answer(asked)

    async def _come_late(self, asked: Asked) -> Reply:
        self.asked_late.set()
        await self.late.wait()
        return self.segment.answer(asked)

    async def _be_away(self) -> Reply:
        raise Unavailable("The store does not answer.")

    def refuse_flv(self, stream: str, visit: Visit, *, is_websocket: bool) -> Reply | Later | None:
        self.visits.append(visit)
        if visit.query == b"late":
            return Later(self._think_about(stream))
        return None if stream == "cam" else not_live(stream)

    async def _think_about(self, stream: str) -> Reply | None:
        return None if stream == "cam" else not_live(stream)

    def watch(
        self,
        _route: MediaRoute,
        _visit: Visit,
        connection: socket.socket,
        head: bytes,
        *,
        is_websocket: bool,
    ) -> None:
        make = WebSocketViewer if is_websocket else Viewer
        viewer = make(connection, head, poller=self.poller, on_leave=lambda _: self.left.set())
        self.feed.audience.add(viewer)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await PlainTextResponse(f"app {scope['path']} {size}")(scope, receive, send)


@pytest.fixture
async def player() -> AsyncIterator[OneSegmentPlayer]:
    made = OneSegmentPlayer()
    yield made
    made.poller.close()


@pytest.fixture
async def door(player: OneSegmentPlayer) -> AsyncIterator[Door]:
    door = Door(app, player, host="127.0.0.1", port=0)  # type: ignore[arg-type]
    serving = asyncio.create_task(door.serve())
    yield door
    door.close()
    await serving


@pytest.fixture
def port(door: Door) -> int:
    return door.port


class Peer:
    """A raw connection to the door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: str | bytes) -> None:
        self.writer.write(data.encode("latin-1") if isinstance(data, str) else data)

    async def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        fields = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        size = int(fields.get("content-length", "0")) if has_body else 0
        return int(lines[0].split()[1]), fields, await self.reader.readexactly(size)

    async def is_closed(self) -> bool:
        return await self.reader.read(1) == b""


Connect = Callable[[], Coroutine[Any, Any, Peer]]


@pytest.fixture
async def connect(port: int) -> AsyncIterator[Connect]:
    peers: list[Peer] = []

    async def connect_one() -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", port, limit=2**22))
        peers.append(peer)
        return peer

    yield connect_one
    for peer in peers:
        peer.writer.close()


def get(path: str, *lines: str, method: str = "GET", version: str = "1.1") -> str:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "host: weir.test", *lines, "", ""])


async def test_media_and_app_share_a_connection(connect: Connect) -> None:
    peer = await connect()
    for _ in range(2):
        peer.send(get("/cam/live.m3u8?token=x"))
        status, fields, body = await peer.answer()
        assert (status, body) == (200, b"#EXTM3U\n")
        assert fields["access-control-allow-origin"] == "*"
        assert fields["x-content-type-options"] == "nosniff"
        assert "date" in fields
        peer.send(get("/console"))
        assert (await peer.answer())[2] == b"app /console 0"


async def test_pipeline_is_answered_in_order(connect: Connect, player: OneSegmentPlayer) -> None:
    peer = await connect()
    peer.send(
        get(LATE)
        + get("/a")
        + get(SEGMENT, "range: bytes=0-3")
        + get("/b", "content-length: 4", method="POST")
        + "body"
        + get("/cam/live.m3u8")
        + get("/c")
    )
    await player.asked_late.wait()
    player.late.set()
    assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /a 0"
    assert (await peer.answer())[2] == BIG[:4]
    assert (await peer.answer())[2] == b"app /b 4"
    assert (await peer.answer())[2] == b"#EXTM3U\n"
    assert (await peer.answer())[2] == b"app /c 0"


async def test_long_pipeline_of_media_is_answered(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("/cam/live.m3u8") * 1500 + get(SEGMENT) * 8 + get("/end"))
    for _ in range(1500):
        assert (await peer.answer())[0] == 200
    for _ in range(8):
        assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /end 0"


async def test_half_closed_peer_gets_its_answer(connect: Connect, player: OneSegmentPlayer) -> None:
    peer = await connect()
    peer.send(get("/a") + get(LATE))
    peer.writer.write_eof()
    assert (await peer.answer())[2] == b"app /a 0"
    player.late.set()
    assert (await peer.answer())[2] == BIG
    assert await peer.is_closed()


async def test_half_closed_in_the_middle_of_a_request_is_closed(connect: Connect) -> None:
    for part in ["GET /cam/live", get("/a", "content-length: 9", method="POST") + "body"]:
        peer = await connect()
        peer.send(part)
        peer.writer.write_eof()
        assert await peer.is_closed()


async def test_head_has_the_length_but_no_body(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(SEGMENT, method="HEAD") + get("/cam/live.flv", method="HEAD"))
    status, fields, _ = await peer.answer(has_body=False)
    assert (status, fields["content-length"]) == (200, str(len(BIG)))
    status, fields, _ = await peer.answer(has_body=False)
    assert (status, fields["content-type"]) == (200, "video/x-flv")
    assert await peer.is_closed()


async def test_options_allows_reading_from_anywhere(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(SEGMENT, "origin: http://other", method="OPTIONS"))
    status, fields, _ = await peer.answer()
    assert status == 204
    assert fields["access-control-allow-origin"] == "*"
    assert "Range" in fields["access-control-allow-headers"]
    assert "content-length" not in fields


async def test_writing_to_media_is_405(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("/cam/live.m3u8", "content-length: 4", method="DELETE") + "body")
    status, fields, _ = await peer.answer()
    assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS")


RANGES: list[tuple[str, int, bytes, str | None]] = [
    ("bytes=0-0", 206, BIG[:1], f"bytes 0-0/{len(BIG)}"),
    ("bytes=10-19", 206, BIG[10:20], f"bytes 10-19/{len(BIG)}"),
    (f"bytes={len(BIG) - 5}-", 206, BIG[-5:], f"bytes {len(BIG) - 5}-{len(BIG) - 1}/{len(BIG)}"),
    ("bytes=-5", 206, BIG[-5:], f"bytes {len(BIG) - 5}-{len(BIG) - 1}/{len(BIG)}"),
    ("bytes=5-99999999999", 206, BIG[5:], f"bytes 5-{len(BIG) - 1}/{len(BIG)}"),
    (f"bytes={len(BIG)}-", 416, b"", f"bytes */{len(BIG)}"),
    ("bytes=-0", 416, b"", f"bytes */{len(BIG)}"),
    ("bytes=9-3", 200, BIG, None),
    ("bytes=0-1,3-4", 200, BIG, None),
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(1500)), 200, BIG, None),
    ("bytes=-", 200, BIG, None),
    ("lines=0-1", 200, BIG, None),
    ("bytes=0x0-1", 200, BIG, None),
    ("bytes=" + "9" * 40 + "-", 200, BIG, None),
]


async def test_range(connect: Connect) -> None:
    peer = await connect()
    for asked, status, body, content_range in RANGES:
        peer.send(get(SEGMENT, f"range: {asked}"))
        found, fields, sent = await peer.answer()
        assert (found, sent == body) == (status, True), asked
        assert fields.get("content-range") == content_range


async def test_etag_saves_the_body_and_guards_ranges(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(SEGMENT))
    _, fields, _ = await peer.answer()
    assert fields["cache-control"] == "public, max-age=31536000, immutable"
    etag = fields["etag"]
    peer.send(get(SEGMENT, f"if-none-match: {etag}"))
    assert (await peer.answer())[0] == 304
    peer.send(get(SEGMENT, "range: bytes=0-1", 'if-range: "other"'))
    assert (await peer.answer())[0] == 200
    peer.send(get(SEGMENT, "range: bytes=0-1", f"if-range: {etag}"))
    assert (await peer.answer())[0] == 206


async def test_not_live_has_the_old_text(connect: Connect) -> None:
    peer = await connect()
    for path in ("/off/live.flv", "/off/live.m3u8"):
        peer.send(get(path))
        status, fields, body = await peer.answer()
        assert (status, body) == (404, b"off is not streaming live now")
        assert fields["content-type"].startswith("text/plain")


async def test_our_failure_is_told_without_its_reason(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(BROKEN))
    status, _, body = await peer.answer()
    assert status == 500
    assert b"secret" not in body
    peer.send(get(AWAY))
    status, fields, body = await peer.answer()
    assert (status, body) == (503, b"The store does not answer.")
    assert fields["retry-after"] == "1"


async def test_query_of_a_media_playlist_is_handed_on(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    for path in ("source/video.m3u8?_HLS_msn=7&_HLS_part=1", "source/video.m3u8", "live.m3u8?x=1"):
        peer.send(get(f"/cam/{path}"))
        assert (await peer.answer())[0] == 200
    assert player.queries == [b"_HLS_msn=7&_HLS_part=1", None, None]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_segment_in_the_making_is_sent_as_it_comes(
    connect: Connect, player: OneSegmentPlayer, version: str
) -> None:
    peer = await connect()
    player.growing.pieces.append(b"first")
    peer.send(get(GROWING, version=version))
    head = (await peer.reader.readuntil(b"\r\n\r\n")).decode()
    assert "content-type: video/mp4" in head
    assert ("transfer-encoding: chunked" in head) is (version == "1.1")
    wanted = (b"5\r\nfirst\r\n", b"6\r\nsecond\r\n", b"0\r\n\r\n")
    if version == "1.0":
        wanted = (b"first", b"second", b"")
    assert await peer.reader.readexactly(len(wanted[0])) == wanted[0]

    async def rest() -> AsyncIterator[bytes]:
        yield b"second"
        assert await peer.reader.readexactly(len(wanted[1])) == wanted[1]

    assert await player.growing.read(rest()) == b"firstsecond"
    assert await peer.reader.readexactly(len(wanted[2])) == wanted[2]
    if version == "1.1":
        peer.send(get("/cam/live.m3u8"))
        assert (await peer.answer())[0] == 200, "the connection goes on"
    else:
        assert await peer.is_closed()


async def test_segment_that_breaks_off_does_not_end_in_order(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get(GROWING))
    await peer.reader.readuntil(b"\r\n\r\n")

    async def rest() -> AsyncIterator[bytes]:
        yield b"first"
        raise Unavailable("The packager broke off.")

    assert await player.growing.read(rest()) is None
    with contextlib.suppress(ConnectionError):
        assert not (await peer.reader.read()).endswith(b"0\r\n\r\n")


async def test_gone_peer_waits_no_more_and_takes_nobody_along(
    connect: Connect, player: OneSegmentPlayer, door: Door
) -> None:
    peer = await connect()
    peer.send(get(LATE))
    await player.asked_late.wait()
    # A reset, because a close looks like the half-close of a peer that still listens.
    held = peer.writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.writer.transport.abort()
    async with asyncio.timeout(5):
        while door._server.server_state.connections:
            await asyncio.sleep(0.01)
    waiting = player.waiting
    assert waiting is not None
    assert not waiting.task.done(), "others may wait for the same"
    player.late.set()
    await waiting.task
    assert waiting.taken == 0


async def test_http_1_0_is_answered_and_closed(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("/cam/live.m3u8", version="1.0"))
    status, fields, _ = await peer.answer()
    assert (status, fields["connection"]) == (200, "close")
    assert await peer.is_closed()


async def test_absolute_form_is_the_same(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("http://elsewhere/cam/live.m3u8"))
    assert (await peer.answer())[2] == b"#EXTM3U\n"


HOSTILE = [
    "/../cam/live.m3u8",
    "/cam/../cam/live.m3u8",
    "/cam/%2e%2e/live.m3u8",
    "/cam%2flive.m3u8",
    "/cam/live.m3u8%00",
    "/cam/live.m3u8;x",
    "/cam/live.m3u8/",
    "/cam//live.m3u8",
    "//cam/live.m3u8",
    "/CAM\\live.m3u8",
    "/cam/..\\live.m3u8",
    "/%63am/live.m3u8",
    "/-cam/live.m3u8",
    "/" + "c" * 65 + "/live.m3u8",
    "/" + "c" * 4096 + "/live.m3u8",
    "/api/live.m3u8",
    "/static/live.flv",
    "/cam/live.flv/../x",
    f"/cam/{SESSION}/../source/1.video.m4s",
    f"/cam/{SESSION}/source/01.video.m4s",
    f"/cam/{SESSION}/source/-1.video.m4s",
    f"/cam/{SESSION}/source/12345678901.video.m4s",
    f"/cam/{SESSION}/Source/1.video.m4s",
    f"/cam/{SESSION}/%252e%252e/1.video.m4s",
    f"/cam/{SESSION}/source/init-../../../x.mp4",
    f"/cam/{SESSION}/source/init-0123456789AB.mp4",
    "/cam/con/video.m3u8x",
    "/hls/../cam/live.m3u8",
]


async def test_hostile_path_is_no_media(connect: Connect) -> None:
    peer = await connect()
    for path in HOSTILE:
        peer.send(get(path))
        assert (await peer.answer())[2].startswith(b"app "), path


MALFORMED = [
    b"GET /cam/live.m3u8\x00 HTTP/1.1\r\n\r\n",
    b"GET /cam/\xff\xfe HTTP/1.1\r\n\r\n",
    b"GET  HTTP/1.1\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /cam/live.m3u8 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    b"GET /cam/live.m3u8 HTTP/1.1\r\nhost: x\r\n bad\x00: y\r\n\r\n",
]


async def test_malformed_request_is_400(connect: Connect) -> None:
    for line in MALFORMED:
        peer = await connect()
        peer.send(line)
        assert (await peer.answer())[0] == 400, line
        assert await peer.is_closed()


@pytest.mark.parametrize("is_complete", [True, False])
async def test_large_head_is_431(connect: Connect, is_complete: bool) -> None:
    peer = await connect()
    pad = "\r\n".join(f"x-{number}: {'y' * 1000}" for number in range(60))
    head = f"GET /cam/live.m3u8 HTTP/1.1\r\nhost: x\r\n{pad}\r\n"
    # In pieces, so that the bytes are counted across reads.
    for start in range(0, len(head), 8192):
        peer.send(head[start : start + 8192])
        await asyncio.sleep(0.005)
    if is_complete:
        peer.send("\r\n")
    assert (await peer.answer())[0] == 431
    assert await peer.is_closed()


@pytest.mark.parametrize("sent", ["", "GET /cam/live.m3", get("/cam/live.m3u8") + "GET /c", "\r\n"])
async def test_slow_head_is_closed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    monkeypatch.setattr(front, "HEAD_TIMEOUT_S", 0.1)
    peer = await connect()
    peer.send(sent)
    async with asyncio.timeout(5):
        if sent.startswith("GET /cam/live.m3u8 "):
            await peer.answer()
        assert await peer.is_closed()


async def test_upgrade_that_we_do_not_do_is_plain_http(connect: Connect) -> None:
    for path, body in (("/cam/live.m3u8", b"#EXTM3U\n"), ("/a", b"app /a 0")):
        peer = await connect()
        peer.send(get(path, "connection: Upgrade, HTTP2-Settings", "upgrade: h2c"))
        status, _, sent = await peer.answer()
        assert (status, sent) == (200, body)
        assert await peer.is_closed()


WEBSOCKET = (
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
)


async def test_requests_that_repeat_their_fields_are_answered_alike(
    connect: Connect, player: OneSegmentPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []
    feed = HttpToolsProtocol.data_received

    def counting_feed(protocol: HttpToolsProtocol, data: bytes) -> None:
        parsed.append(data)
        feed(protocol, data)

    monkeypatch.setattr(HttpToolsProtocol, "data_received", counting_feed)
    peer = await connect()
    fields = ("user-agent: player", "connection: keep-alive")

    async def ask(path: str, *more: str, method: str = "GET") -> tuple[int, bytes]:
        peer.send(get(path, *fields, *more, method=method))
        status, _, body = await peer.answer(has_body=method != "HEAD")
        return status, body

    for _ in range(3):
        assert await ask("/cam/live.m3u8") == (200, b"#EXTM3U\n")
        assert await ask(SEGMENT) == (200, BIG)
        assert await ask("/off/live.m3u8") == (404, b"off is not streaming live now")
    assert len(parsed) == 1
    assert await ask(SEGMENT, "range: bytes=0-1") == (206, BIG[:2])
    assert await ask(SEGMENT) == (200, BIG)
    assert await ask("/a") == (200, b"app /a 0")
    assert await ask("/cam/live.m3u8", method="HEAD") == (200, b"")
    assert await ask("/b") == (200, b"app /b 0")
    assert await ask("/cam/live.m3u8") == (200, b"#EXTM3U\n")
    assert await ask(BROKEN) == (500, b"Weir failed; the log has the reason.")
    # In two reads, two in one read, and one that waits with another behind it.
    whole = get("/cam/live.m3u8", *fields)
    peer.send(whole[:9])
    await asyncio.sleep(0.02)
    peer.send(whole[9:] + whole + get(LATE, *fields))
    assert (await peer.answer())[2] == (await peer.answer())[2] == b"#EXTM3U\n"
    peer.send(get("/c", *fields) + whole)
    await asyncio.sleep(0.02)
    peer.send(whole)
    player.late.set()
    assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /c 0"
    assert (await peer.answer())[2] == (await peer.answer())[2] == b"#EXTM3U\n"
    assert await ask("/cam/live.m3u8", "x: y") == (200, b"#EXTM3U\n")


async def test_idle_connection_is_closed_and_one_that_is_used_is_not(
    player: OneSegmentPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "KEEP_ALIVE_S", 0.5)
    door = Door(app, player, host="127.0.0.1", port=0)  # type: ignore[arg-type]
    serving = asyncio.create_task(door.serve())
    used, idle = [Peer(*await asyncio.open_connection("127.0.0.1", door.port)) for _ in range(2)]
    idle.send(get("/cam/live.m3u8"))
    assert (await idle.answer())[0] == 200
    closed = asyncio.create_task(idle.is_closed())
    async with asyncio.timeout(20):
        while not closed.done():
            used.send(get("/cam/live.m3u8"))
            assert (await used.answer())[0] == 200
            await asyncio.sleep(0.05)
        assert await closed
        assert await used.is_closed()
    for peer in (used, idle):
        peer.writer.close()
    door.close()
    await serving


# --- FLV --------------------------------------------------------------------------------


async def test_viewers_get_the_gop_and_then_the_same_bytes(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    feed = player.feed
    for number in range(15):
        feed.send(b"<%d>" % number)
    peers = [await connect() for _ in range(3)]
    for peer in peers:
        peer.send(get("/cam/live.flv"))
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert re.search(rb"content-type: video/x-flv\r\n", head)
        assert b"content-length" not in head
        assert b"no-store" in head
        assert (await peer.reader.readexactly(13)).startswith(b"FLV\x01")
        assert await peer.reader.readuntil(b"<14>") == b"<10><11><12><13><14>"
        peer.send("garbage that is no request\r\n\r\n")
    feed.send(b"<15>")
    for peer in peers:
        assert await peer.reader.readuntil(b"<15>") == b"<15>"


async def test_viewer_comes_after_the_answers_before_it(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    player.feed.send(b"<0>")
    peer = await connect()
    peer.send(get(SEGMENT) * 3 + get("/a") + get("/cam/live.flv") + get("/never"))
    for _ in range(3):
        assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /a 0"
    await peer.reader.readuntil(b"\r\n\r\n")
    player.feed.send(b"<1>")
    assert (await peer.reader.readuntil(b"<1>")).endswith(b"<0><1>")


async def test_viewer_waits_for_the_first_keyframe(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv"))
    await peer.reader.readuntil(b"\r\n\r\n")
    player.feed.send(b"<0>")
    assert (await peer.reader.readuntil(b"<0>"))[-3:] == b"<0>"


async def test_viewer_that_leaves_is_forgotten(connect: Connect, player: OneSegmentPlayer) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv"))
    await peer.reader.readuntil(b"\r\n\r\n")
    peer.writer.close()
    player.feed.send(b"<0>")
    async with asyncio.timeout(5):
        while not player.left.is_set():
            player.feed.send(b"<x>")
            await asyncio.sleep(0.01)
    assert not player.feed.audience.viewers


async def test_end_of_the_programme_ends_the_response(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv"))
    await peer.reader.readuntil(b"\r\n\r\n")
    player.feed.send(b"<0>")
    player.feed.audience.end()
    assert (await peer.reader.read()).endswith(b"<0>")


async def test_slow_viewer_skips_to_a_keyframe_and_the_other_loses_nothing(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    feed = player.feed
    slow, fast = await connect(), await connect()
    for peer in (slow, fast):
        peer.send(get("/cam/live.flv"))
        await peer.reader.readuntil(b"\r\n\r\n")
    slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
    taken = b""
    for number in range(400):
        feed.send(b"<%06d>" % number + bytes(50_000))
        taken += await fast.reader.readexactly(50_008 + (13 if number == 0 else 0))
    viewers = list(feed.audience.viewers)
    assert re.findall(rb"<(\d{6})>", taken) == [b"%06d" % number for number in range(400)]
    slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
    seen = b""
    number = 400
    async with asyncio.timeout(20):
        while b"<000400>" not in seen and b"<000410>" not in seen:
            seen += await slow.reader.read(2**20)
            if any(viewer.skipped for viewer in viewers) and number <= 420:
                feed.send(b"<%06d>" % number)
                number += 1
    numbers = [int(found) for found in re.findall(rb"<(\d{6})>", seen)]
    jumps = [after for before, after in itertools.pairwise(numbers) if after != before + 1]
    assert len(jumps) == 1
    assert jumps[0] % 10 == 0, "it went on at a keyframe"
    assert len(seen) < 8_000_000


@pytest.mark.parametrize("lines", [(), WEBSOCKET], ids=["http", "websocket"])
async def test_peer_that_takes_nothing_holds_little_and_is_dropped(
    connect: Connect,
    player: OneSegmentPlayer,
    monkeypatch: pytest.MonkeyPatch,
    lines: tuple[str, ...],
) -> None:
    monkeypatch.setattr(poller, "STALL_S", 0.5)
    peer = await connect()
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    peer.send(get("/cam/live.flv", *lines))
    held = 0
    async with asyncio.timeout(10):
        while not player.left.is_set():
            player.feed.send(bytes(100_000))
            held = max([held, *map(held_bytes, player.feed.audience.viewers)])
            await asyncio.sleep(0.005)
    assert 100_000 < held < 2_000_000


def held_bytes(viewer: Viewer) -> int:
    """What we and the kernel keep for a viewer that has not taken it."""
    unsent = bytearray(4)
    fcntl.ioctl(viewer.fileno(), termios.TIOCOUTQ, unsent)
    return int.from_bytes(unsent, sys.byteorder) + sum(map(len, viewer._rest))


# --- FLV on a WebSocket -------------------------------------------------------------------


async def test_websocket_client_gets_the_gop_and_the_end(
    port: int, player: OneSegmentPlayer
) -> None:
    for number in range(15):
        player.feed.send(b"<%d>" % number)
    async with connect_websocket(f"ws://127.0.0.1:{port}/cam/live.flv?x=1") as viewer:
        assert (await viewer.recv()).startswith(b"FLV\x01")  # type: ignore[arg-type]
        assert [await viewer.recv() for _ in range(5)] == [b"<%d>" % n for n in range(10, 15)]
        player.feed.send(b"<15>" + bytes(100_000))
        assert await viewer.recv() == b"<15>" + bytes(100_000)
        await asyncio.wait_for(await viewer.ping(b"there?"), 5)
        player.feed.send(b"<16>")
        assert await viewer.recv() == b"<16>"
        player.feed.audience.end()
        with pytest.raises(ConnectionClosedOK):
            await viewer.recv()
    assert player.left.is_set()


async def test_websocket_that_the_client_closes_is_closed_by_the_book(
    port: int, player: OneSegmentPlayer
) -> None:
    viewer = await connect_websocket(f"ws://127.0.0.1:{port}/cam/live.flv")
    player.feed.send(b"<0>")
    await viewer.close(4000, "enough")
    assert (viewer.close_code, viewer.protocol.close_rcvd_then_sent) == (4000, False)
    await asyncio.wait_for(player.left.wait(), 5)


async def test_websocket_of_a_stream_that_is_off_is_404(port: int) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect_websocket(f"ws://127.0.0.1:{port}/off/live.flv")
    assert caught.value.response.status_code == 404
    assert caught.value.response.body == b"off is not streaming live now"


async def test_websocket_from_another_origin_is_answered_as_plain_flv_is(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv", *WEBSOCKET, "origin: https://elsewhere.test"))
    status, fields, _ = await peer.answer(has_body=False)
    assert (status, fields["upgrade"], fields["connection"]) == (101, "websocket", "Upgrade")
    assert fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


async def test_handshake_that_is_wrong_is_told_so(connect: Connect) -> None:
    for wrong, status in (("sec-websocket-version: 8", 426), ("sec-websocket-key: x", 400)):
        peer = await connect()
        name = wrong.partition(":")[0]
        lines = [line for line in WEBSOCKET if not line.startswith(name)]
        peer.send(get("/cam/live.flv", *lines, wrong))
        found, fields, _ = await peer.answer()
        assert (found, fields["connection"]) == (status, "close")
        assert (fields.get("sec-websocket-version") == "13") == (status == 426)
        assert await peer.is_closed()


@pytest.mark.parametrize("path", ["/cam/live.m3u8", "/a"])
async def test_websocket_of_anything_but_flv_is_plain_http(connect: Connect, path: str) -> None:
    peer = await connect()
    peer.send(get(path, *WEBSOCKET))
    assert (await peer.answer())[0] == 200
    assert await peer.is_closed()


async def test_websocket_comes_after_the_answers_before_it(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    player.feed.send(b"<0>")
    peer = await connect()
    peer.send(get(SEGMENT) + get("/a") + get("/cam/live.flv", *WEBSOCKET))
    assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /a 0"
    assert (await peer.answer(has_body=False))[0] == 101
    assert (await peer.reader.readexactly(2 + 13 + 2 + 3))[-3:] == b"<0>"


async def test_what_is_personal_and_who_asks_come_with_the_request(
    player: OneSegmentPlayer, connect: Connect
) -> None:
    peer = await connect()
    lines = ("cookie: c=1", "referer: http://page/", "user-agent: tv", "x-forwarded-for: 1.2.3.4")
    peer.send(get("/~me/cam/live.m3u8?a=b", *lines))
    assert (await peer.answer())[0] == 200

    [visit] = player.visits
    assert (visit.path, visit.query, visit.personal) == (b"/~me/cam/live.m3u8", b"a=b", "me")
    assert (visit.peer, visit.address) == ("127.0.0.1", "127.0.0.1")
    asked = visit.asked
    assert (asked.cookie, asked.referer, asked.user_agent) == (b"c=1", b"http://page/", b"tv")


async def test_address_behind_a_trusted_proxy_is_the_viewers(
    player: OneSegmentPlayer, connect: Connect
) -> None:
    player.proxies = Proxies("127.0.0.0/8")
    peer = await connect()
    peer.send(get("/cam/live.m3u8", "x-forwarded-for: 6.6.6.6, 1.2.3.4"))
    assert (await peer.answer())[0] == 200

    assert [(visit.peer, visit.address) for visit in player.visits] == [("127.0.0.1", "1.2.3.4")]


async def test_flv_that_is_granted_only_after_a_question_is_sent(
    player: OneSegmentPlayer, connect: Connect
) -> None:
    peer = await connect()
    peer.send(get("/off/live.flv?late"))
    assert (await peer.answer())[0] == 404
    peer.send(get("/cam/live.flv?late"))
    assert (await peer.answer())[0] == 200
    player.feed.send(b"chunk")
    assert (await peer.reader.readexactly(13 + 5))[-5:] == b"chunk"
