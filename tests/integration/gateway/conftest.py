"""A real gateway process on a real NATS server; catalog, ingest and packager are the test's own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from libs.bus import Lease
from libs.events import (
    Ask,
    CreateStream,
    GetStream,
    GetWatchable,
    GetWatermark,
    ListRevocations,
    ListSegments,
    ListSessions,
    ListStreams,
    ListTenants,
    ListViewerKeys,
    RevocationPage,
    SegmentPage,
    Session,
    SessionEnded,
    SessionPage,
    SigningKey,
    Stream,
    StreamPage,
    StreamPublished,
    Tenants,
    ViewerKeys,
    Watchable,
    Watermark,
)
from libs.media import amf0
from libs.media.flv import FLV_HEADER, Tag, TagType, write_tag
from libs.signing import sign_push
from tests.nats_server import NATSServer
from tests.ports import free_port
from tests.service_process import ServiceProcess

TOKEN = "internal"
API_KEY = "key"
SESSION = "69573000-0a0b0c0d"
AT = datetime(2026, 1, 2, tzinfo=UTC)


class Origin:
    """Plays ingest and packager over HTTP: a playlist, segments, and one FLV that goes on."""

    def __init__(self) -> None:
        self.url = ""
        self.playlist = b"#EXTM3U\n"
        self.has_session = True
        """As a packager: whether it packages the session."""
        self.flv: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.traceparents: dict[str, str | None] = {}
        self.app = Starlette(
            routes=[
                Route("/readyz", self._ready),
                Route("/flv/{session}", self._flv),
                Route("/live/{session}/{path:path}", self._live),
            ]
        )

    async def _ready(self, _: Request) -> Response:
        return PlainTextResponse("ready")

    async def _flv(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        self.traceparents["flv"] = request.headers.get("traceparent")

        async def tags() -> AsyncIterator[bytes]:
            position = amf0.encode("weir.position", {"next_tag": 0.0})
            yield FLV_HEADER + write_tag(Tag(TagType.SCRIPT, 0, position))
            while (data := await self.flv.get()) is not None:
                yield data

        return StreamingResponse(tags(), media_type="video/x-flv")

    async def _live(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        self.traceparents["live"] = request.headers.get("traceparent")
        path = request.path_params["path"]
        if not self.has_session:
            return Response(status_code=404)
        if path == "master.m3u8":
            return Response(self.playlist)
        if path.endswith(".video.m4s"):
            return Response(b"segment from memory")
        return Response(status_code=404)


@asynccontextmanager
async def serving(origin: Origin) -> AsyncIterator[None]:
    port = free_port()
    config = uvicorn.Config(origin.app, port=port, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]
    task = asyncio.create_task(server.serve())
    origin.url = f"http://127.0.0.1:{port}"
    try:
        yield
    finally:
        origin.flv.put_nowait(None)
        server.should_exit = server.force_exit = True
        await task


class Catalog:
    """Plays the catalog: provisions the bus and answers what the gateway asks."""

    def __init__(self, nats: NATSServer) -> None:
        self.bus = nats.bus("catalog/test", provisions=True)
        self.sessions: list[Session] = []
        self.streams: dict[str, Stream] = {}
        self.watermarks_asked = 0
        self._answer(ListSessions, self._list_sessions)
        self._answer(ListStreams, self._list_streams)
        self._answer(CreateStream, self._create_stream)
        self._answer(GetStream, self._get_stream)
        self._answer(GetWatchable, self._get_watchable)
        self._answer(GetWatermark, self._get_watermark)
        self._answer(ListSegments, self._list_segments)
        self._answer(ListViewerKeys, self._list_viewer_keys)
        self._answer(ListTenants, self._list_tenants)
        self._answer(ListRevocations, self._list_revocations)

    def _answer(self, kind: type[Ask[Any]], handler: Any) -> None:
        self.bus.on_ask(kind)(handler)

    async def _list_sessions(self, _: ListSessions) -> SessionPage:
        return SessionPage(sessions=tuple(self.sessions))

    async def _list_streams(self, _: ListStreams) -> StreamPage:
        return StreamPage(streams=tuple(self.streams.values()))

    async def _create_stream(self, ask: CreateStream) -> Stream:
        stream_id = ask.id or "made"
        self.streams[stream_id] = _stream(stream_id, ask.item)
        return self.streams[stream_id]

    async def _get_stream(self, ask: GetStream) -> Stream:
        return self.streams.get(ask.id) or _stream(ask.id, {})

    async def _get_watchable(self, ask: GetWatchable) -> Watchable:
        found = self.streams.get(ask.stream) or _stream(ask.stream, {})
        return Watchable(
            tenant=found.tenant, view_policy=found.view_policy, revision=found.revision
        )

    async def _get_watermark(self, _: GetWatermark) -> Watermark:
        self.watermarks_asked += 1
        return Watermark(key=None)

    async def _list_segments(self, _: ListSegments) -> SegmentPage:
        return SegmentPage(segments=())

    async def _list_tenants(self, _: ListTenants) -> Tenants:
        return Tenants(tenants=())

    async def _list_viewer_keys(self, _: ListViewerKeys) -> ViewerKeys:
        return ViewerKeys(keys=(SigningKey(id="k1", secret="aa" * 32, created_at=AT),))

    async def _list_revocations(self, _: ListRevocations) -> RevocationPage:
        return RevocationPage(revocations=())

    def session(self, origin: Origin) -> Session:
        return Session(
            tenant="default",
            stream="cam",
            id=SESSION,
            origin_url=origin.url,
            generation=1,
            started_at=AT,
            is_publishing=True,
            view_policy="public",
            revision=1,
        )

    async def publish(self, origin: Origin) -> None:
        self.sessions = [self.session(origin)]
        await self.bus.publish(
            StreamPublished(
                tenant="default",
                stream="cam",
                session=SESSION,
                generation=1,
                origin_url=origin.url,
                started_at=AT,
            )
        )

    async def end(self) -> None:
        self.sessions = []
        await self.bus.publish(
            SessionEnded(
                tenant="default",
                stream="cam",
                session=SESSION,
                cause="publisher_ended",
                last_tag=1,
                ended_at=AT,
            )
        )

    async def package(self, origin: Origin) -> Lease:
        lease = await self.bus.leases.take(
            f"package.{SESSION}", holder="p", url=origin.url, stream="cam", session=SESSION
        )
        assert lease is not None
        return lease


def _stream(stream_id: str, item: dict[str, Any]) -> Stream:
    return Stream(
        tenant="default",
        id=stream_id,
        created_at=AT,
        expires_at=AT,
        key=sign_push(stream_id, 1, "s"),
        item=item,
        revision=1,
    )


class Gateway(ServiceProcess):
    """The gateway's process and a client of its public port."""

    def __init__(self, folder: Path, nats: NATSServer, store_url: str) -> None:
        self.port = free_port()
        environment = nats.environment | {
            "WEIR_INTERNAL_TOKEN": TOKEN,
            "WEIR_HTTP_HOST": "127.0.0.1",
            "WEIR_HTTP_PORT": str(self.port),
            "WEIR_API_KEY": API_KEY,
            "WEIR_ADMIN_PASSWORD": "p",
            "WEIR_STORE_URL": store_url,
        }
        super().__init__("gateway", environment, folder / "gateway.log")
        self.client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=15
        )

    async def until(self, path: str, status: int, *, within_s: float = 15) -> httpx2.Response:
        """Ask until the answer has this status."""
        response: httpx2.Response | None = None
        async with asyncio.timeout(within_s):
            while True:
                try:
                    response = await self.client.get(path)
                except httpx2.TransportError:
                    response = None
                if response is not None and response.status_code == status:
                    return response
                await asyncio.sleep(0.05)


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    made = Origin()
    async with serving(made):
        yield made


@pytest.fixture
async def catalog(nats: NATSServer) -> AsyncIterator[Catalog]:
    made = Catalog(nats)
    await made.bus.start()
    yield made
    await made.bus.stop()


@pytest.fixture
def store_of_gateway(tmp_path: Path) -> str:
    """URL of the store that the gateway reads; a test module may have its own."""
    return f"file://{tmp_path / 'store'}"


@pytest.fixture
async def gateway(
    tmp_path: Path, nats: NATSServer, catalog: Catalog, store_of_gateway: str
) -> AsyncIterator[Gateway]:
    made = Gateway(tmp_path, nats, store_of_gateway)
    made.start()
    try:
        await made.until("/readyz", 200)
        yield made
    finally:
        await made.client.aclose()
        made.kill()
