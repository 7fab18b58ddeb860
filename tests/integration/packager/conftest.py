"""Real packager processes on a real NATS server; catalog and ingest are the test's own."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from libs.bus import Bus
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
from libs.launcher.nats_server import find_nats_server, free_port, write_nats_config
from libs.media.flv import Tag
from tests.oracles.frame_ledger import Frames, stored_frames
from tests.oracles.hls_lint import HLSLint
from tests.unit.services.packager.fakes import SESSION, FakeIngest, order

TOKEN = "internal"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


class NATSServer:
    """One nats-server with a data folder that outlives it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "nats.conf"
        write_nats_config(self._config, port=self.port, store=folder / "nats", token="bus")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [find_nats_server(), "--config", self._config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class ServedIngest(FakeIngest):
    """The test's ingest, over HTTP."""

    def __init__(self, tags: list[Tag]) -> None:
        super().__init__(tags)
        self.url = ""
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])])

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
        yield
        self.raise_fence(1 << 30)
        server.should_exit = server.force_exit = True
        await task


class Listener:
    """Plays the catalog: provisions the bus, offers jobs, and keeps every fact it hears."""

    def __init__(self, url: str) -> None:
        self.bus = Bus(url, source="catalog/test", token="bus", provisions=True)
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

    def has_ended(self) -> bool:
        return any(isinstance(fact, RenditionEnded) for fact in self.facts)


class PackagerProcess:
    def __init__(self, folder: Path, nats_url: str, name: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._environment = os.environ | {
            "WEIR_NATS_URL": nats_url,
            "WEIR_NATS_TOKEN": "bus",
            "WEIR_INTERNAL_TOKEN": TOKEN,
            "WEIR_INSTANCE": name,
            "WEIR_DATA_DIR": str(folder),
            "WEIR_STORE_URL": f"file://{folder / 'store'}",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.packager"], env=self._environment, stderr=log
            )

    def send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Returns the exit code; a process that has ended already is fine."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        self._process.send_signal(signal.SIGCONT)
        code = self._process.wait(10)
        self._process = None
        return code

    def events(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [found for line in lines if (found := json.loads(line))["event"] == event]


class House:
    """Everything a packager needs, and what came of it."""

    def __init__(self, folder: Path, listener: Listener, nats: NATSServer) -> None:
        self.folder = folder
        self.listener = listener
        self.nats = nats
        self.lint = HLSLint()
        self._packagers: list[PackagerProcess] = []
        self._client = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=15
        )

    def packager(self, name: str) -> PackagerProcess:
        made = PackagerProcess(self.folder, self.nats.url, name)
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

    def store(self) -> dict[str, bytes]:
        root = self.folder / "store"
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }

    def frames(self) -> Frames:
        """What the stored objects hold, found by the announced rows."""
        objects = self.store()
        inits = {
            key.rpartition("init-")[2].removesuffix(".mp4"): data
            for key, data in objects.items()
            if "/init-" in key
        }
        return stored_frames(self.listener.rows().values(), objects, inits)

    async def close(self) -> None:
        for packager in self._packagers:
            packager.kill()
        await self._client.aclose()


async def until(condition: Callable[[], object], *, within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NATSServer]:
    server = NATSServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def listener(nats: NATSServer) -> AsyncIterator[Listener]:
    made = Listener(nats.url)
    await made.bus.start()
    yield made
    await made.bus.stop()


@pytest.fixture
async def house(tmp_path: Path, listener: Listener, nats: NATSServer) -> AsyncIterator[House]:
    made = House(tmp_path, listener, nats)
    yield made
    await made.close()
