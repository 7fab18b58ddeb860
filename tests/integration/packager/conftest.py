"""Real packager processes on a real NATS server; catalog and ingest are the test's own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from libs.events import (
    Envelope,
    Message,
    PackageRequested,
    RenditionEnded,
    RenditionStarted,
    Segment,
    SegmentLost,
    SegmentReady,
)
from libs.storage import open_store
from tests.nats_server import NATSServer
from tests.oracles.flv_source import make_flv, session_tags
from tests.oracles.frame_ledger import compare, input_frames, stored_frames
from tests.oracles.hls_lint import HLSLint
from tests.ports import free_port
from tests.service_process import ServiceProcess
from tests.unit.services.packager.fakes import FIRST_MSN, SESSION, FakeIngest, order

TOKEN = "internal"
FLV = make_flv(seconds=24, b_frames=2)
TAGS = session_tags(FLV)
SEGMENTS = 13
"""So many come of it."""


class ServedIngest(FakeIngest):
    """The test's ingest, over HTTP. It has nothing until it is fed."""

    def __init__(self) -> None:
        super().__init__([])
        self.url = ""
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])])

    async def feed(self, until_tag: int = len(TAGS)) -> None:
        """Get the next tags of `TAGS`, some at a time, as from a publisher in a hurry."""
        while len(self.tags) < until_tag:
            at = len(self.tags)
            self.append(TAGS[at : min(at + 20, until_tag)])
            await asyncio.sleep(0.01)

    async def _serve(self, request: Request) -> StreamingResponse:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        asked = httpx2.Request(request.method, str(request.url), content=await request.body())
        answer = await self._answer(asked)
        headers = {"content-type": answer.headers.get("content-type", "video/x-flv")}
        return StreamingResponse(answer.aiter_bytes(), answer.status_code, headers)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        port = free_port()
        server = uvicorn.Server(
            uvicorn.Config(self.app, port=port, lifespan="off", log_config=None)
        )
        server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]
        task = asyncio.create_task(server.serve())
        self.url = f"http://127.0.0.1:{port}"
        try:
            yield
        finally:
            self.raise_fence(1 << 30)
            server.should_exit = server.force_exit = True
            await task


class Listener:
    """Plays the catalog: provisions the bus, offers jobs, and keeps every fact it hears."""

    def __init__(self, nats: NATSServer) -> None:
        self.bus = nats.bus("catalog/test", provisions=True)
        self.facts: list[Message] = []
        self._attempt = 0
        for kind in (SegmentReady, SegmentLost, RenditionStarted, RenditionEnded):
            self._hear(kind)

    def _hear(self, kind: Any) -> None:
        async def keep(envelope: Envelope[Any]) -> None:
            self.facts.append(envelope.data)

        self.bus.on_fact(kind, durable="catalog")(keep)

    async def offer(self, origin_url: str) -> PackageRequested:
        self._attempt += 1
        changed = {"origin_url": origin_url, "attempt": self._attempt}
        offered = order().model_copy(update=changed)
        await self.bus.publish(offered)
        return offered

    def rows(self) -> dict[int, Segment]:
        """The first row of each MSN, as the catalog keeps it."""
        rows: dict[int, Segment] = {}
        for fact in self.facts:
            if isinstance(fact, SegmentReady):
                rows.setdefault(fact.segment.msn, fact.segment)
        return rows

    def is_whole(self) -> bool:
        """Whether it has heard of every segment."""
        return len(self.rows()) == SEGMENTS

    def has_ended(self) -> bool:
        return any(isinstance(fact, RenditionEnded) for fact in self.facts)


class House:
    """Everything a packager needs, and what came of it."""

    def __init__(self, folder: Path, listener: Listener, nats: NATSServer) -> None:
        self.folder = folder
        self.listener = listener
        self.nats = nats
        self.store_url = f"file://{folder / 'store'}"
        self.lint = HLSLint()
        self._packagers: list[ServiceProcess] = []
        self._client = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=15
        )

    def packager(self, name: str, **more: str) -> ServiceProcess:
        """A process that takes what is offered; `more` are variables of its environment."""
        environment = self.nats.environment | {
            "WEIR_INTERNAL_TOKEN": TOKEN,
            "WEIR_INSTANCE": name,
            "WEIR_DATA_DIR": str(self.folder),
            "WEIR_STORE_URL": self.store_url,
        }
        made = ServiceProcess("packager", environment | more, self.folder / f"{name}.log")
        made.start()
        self._packagers.append(made)
        return made

    async def holder(self) -> str | None:
        record = await self.listener.bus.leases.get(f"package.{SESSION}")
        return None if record is None or record.is_released else record.holder

    async def get(self, path: str) -> httpx2.Response:
        """Ask the packager that holds the lease, again while it says "not yet"."""
        record = await self.listener.bus.leases.get(f"package.{SESSION}")
        assert record is not None
        async with asyncio.timeout(15):
            while True:
                answer = await self._client.get(f"{record.url}/live/{SESSION}/{path}")
                if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
                    return answer
                await asyncio.sleep(0.05)

    async def look(self) -> None:
        """Fetch the playlists as a player does, and lint them."""
        for kind in ("video", "audio"):
            answer = await self.get(f"source/{kind}.m3u8")
            assert answer.status_code == 200, answer.text
            now = asyncio.get_running_loop().time()
            self.lint.see(f"source/{kind}.m3u8", answer.text, at=now)

    async def assert_nothing_is_lost(self) -> None:
        """Every frame of the source is in exactly one of the stored objects, each in one row."""
        rows = self.listener.rows()
        assert sorted(rows) == list(range(FIRST_MSN, max(rows) + 1))
        assert not [fact for fact in self.listener.facts if isinstance(fact, SegmentLost)]
        store = open_store(self.store_url)
        objects = {item.key: await store.get(item.key) async for item in store.list("segments/")}
        await store.close()
        segments = {key for key in objects if key.endswith(".m4s")}
        assert segments == {row.object_key for row in rows.values()}
        inits = {
            key.rpartition("init-")[2].removesuffix(".mp4"): data
            for key, data in objects.items()
            if "/init-" in key
        }
        ledger = compare(input_frames(FLV), stored_frames(rows.values(), objects, inits))
        assert ledger.is_balanced, ledger
        assert self.lint.findings == []

    async def close(self) -> None:
        for packager in self._packagers:
            packager.kill()
        await self._client.aclose()


@pytest.fixture
async def listener(nats: NATSServer) -> AsyncIterator[Listener]:
    made = Listener(nats)
    await made.bus.start()
    yield made
    await made.bus.stop()


@pytest.fixture
async def house(tmp_path: Path, listener: Listener, nats: NATSServer) -> AsyncIterator[House]:
    made = House(tmp_path, listener, nats)
    yield made
    await made.close()


@pytest.fixture
async def ingest() -> AsyncIterator[ServedIngest]:
    made = ServedIngest()
    async with made.serving():
        yield made
