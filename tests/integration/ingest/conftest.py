"""A real ingest process on a real NATS server; the catalog is the test's own."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from libs.events import (
    CheckSessions,
    EndedSession,
    EndedSessions,
    Envelope,
    Message,
    OpenPublish,
    PublishGrant,
    SessionEnded,
    StreamPublished,
    StreamUnpublished,
)
from libs.media.flv import FLVReader, Tag
from libs.names import new_session_id
from libs.signing import sign_push
from tests.nats_server import NATSServer
from tests.ports import free_port
from tests.service_process import ServiceProcess

TOKEN = "internal"
SECRET = "push"


class SmallCatalog:
    """Answers `OpenPublish` and `CheckSessions`, and hears the facts."""

    def __init__(self, nats: NATSServer) -> None:
        self.bus = nats.bus("catalog/test", provisions=True)
        self.reconnect_window_s = 1.0
        self.facts: list[Message] = []
        self.ended: set[str] = set()
        """Sessions that are over, which nobody was told."""
        self._generation = 0
        for kind in (StreamPublished, StreamUnpublished, SessionEnded):
            self.bus.watch_fact(kind)(self._hear)
        self.bus.on_ask(OpenPublish)(self._grant)
        self.bus.on_ask(CheckSessions)(self._check)

    async def _hear(self, envelope: Envelope[Message]) -> None:
        self.facts.append(envelope.data)

    async def _grant(self, ask: OpenPublish) -> PublishGrant:
        self._generation += 1
        return PublishGrant(
            tenant="default",
            stream=ask.stream,
            session=ask.held_session or new_session_id(int(time.time())),
            generation=self._generation,
            policy="takeover",
            reconnect_window_s=self.reconnect_window_s,
        )

    async def _check(self, ask: CheckSessions) -> EndedSessions:
        over = [session for session in ask.sessions if session in self.ended]
        return EndedSessions(
            ended=tuple(EndedSession(session=session, cause="kicked") for session in over)
        )

    def heard(self, kind: type[Message], stream: str) -> list[Message]:
        return [fact for fact in self.facts if isinstance(fact, kind) and fact.about() == stream]


@pytest.fixture
async def catalog(module_nats: NATSServer) -> AsyncIterator[SmallCatalog]:
    made = SmallCatalog(module_nats)
    await made.bus.start()
    yield made
    await made.bus.stop()


class RunningIngest(ServiceProcess):
    """One ingest process."""

    def __init__(self, folder: Path, nats: NATSServer) -> None:
        self.rtmp_port, self.http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        environment = nats.environment | {
            "WEIR_DATA_DIR": str(folder),
            "WEIR_INTERNAL_TOKEN": TOKEN,
            "WEIR_INTERNAL_PORT": str(self.http_port),
            "WEIR_RTMP_HOST": "127.0.0.1",
            "WEIR_RTMP_PORT": str(self.rtmp_port),
            "WEIR_PUSH_SECRET": SECRET,
        }
        super().__init__("ingest", environment, folder / "ingest.log")

    def push_url(self, stream: str) -> str:
        key = sign_push(stream, int(time.time()) + 600, SECRET)
        return f"rtmp://127.0.0.1:{self.rtmp_port}/stream/{stream}?sign={key}"

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self.url,
            headers={"authorization": f"Bearer {TOKEN}"},
            timeout=30,
            trust_env=False,
        )

    async def ready(self) -> None:
        async with self.client() as client, asyncio.timeout(20):
            while True:
                with contextlib.suppress(httpx2.HTTPError):
                    if (await client.get("/readyz")).status_code == 200:
                        return
                assert not self.has_ended, self.said()
                await asyncio.sleep(0.05)

    async def session_of(self, stream: str) -> str:
        """The open session of a stream, once it is there."""
        async with self.client() as client, asyncio.timeout(10):
            while True:
                rows = (await client.get("/sessions")).json()["sessions"]
                for row in rows:
                    if row["stream"] == stream:
                        return str(row["session"])
                await asyncio.sleep(0.02)

    async def pull(self, session: str, *, after: int = -1) -> list[Tag]:
        """Everything above tag `after`, to the end of the session."""
        reader, tags = FLVReader(), list[Tag]()
        params = {"after": after, "epoch": 1}
        async with (
            self.client() as client,
            client.stream("GET", f"/flv/{session}", params=params) as response,
        ):
            async for chunk in response.aiter_raw():
                tags += reader.feed(chunk)
        return tags


@pytest.fixture
async def ingest(
    tmp_path: Path, module_nats: NATSServer, catalog: SmallCatalog
) -> AsyncIterator[RunningIngest]:
    running = RunningIngest(tmp_path, module_nats)
    running.start()
    try:
        await running.ready()
        yield running
    finally:
        running.kill(signal.SIGTERM)
