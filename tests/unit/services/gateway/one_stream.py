"""A door with one stream behind it, and raw connections to it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from libs.errors import Unavailable
from services.gateway.door import Door
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
        self.audience.send([chunk])


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


WEBSOCKET = (
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
)
