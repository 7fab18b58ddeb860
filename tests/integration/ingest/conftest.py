"""A real ingest process on a real NATS server; the catalog is the test's own."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from libs.bus import Bus
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
from libs.launcher.nats_server import find_nats_server, free_port, write_nats_config
from libs.media.flv import FLVReader, Tag
from libs.names import new_session_id
from libs.signing import sign_push

TOKEN = "internal"
SECRET = "push"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


async def until(condition: Callable[[], object], *, within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


class RunningNATS:
    """A NATS server that a test may restart."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "nats.conf"
        port = free_port()
        write_nats_config(self._config, port=port, store=folder / "store", token="bus")
        self.url = f"nats://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        self._server = subprocess.Popen(
            [find_nats_server(), "--config", self._config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()


@pytest.fixture(scope="module")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNATS]:
    server = RunningNATS(tmp_path_factory.mktemp("nats"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def nats_url(nats_server: RunningNATS) -> str:
    return nats_server.url


class SmallCatalog:
    """Answers `OpenPublish` and `CheckSessions`, and hears the facts."""

    def __init__(self, url: str) -> None:
        self.bus = Bus(url, source="catalog/test", token="bus", provisions=True)
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
async def catalog(nats_url: str) -> AsyncIterator[SmallCatalog]:
    made = SmallCatalog(nats_url)
    await made.bus.start()
    yield made
    await made.bus.stop()


class RunningIngest:
    """One ingest process."""

    def __init__(self, folder: Path, nats_url: str) -> None:
        self.rtmp_port, self.http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.log = folder / "ingest.log"
        environment = os.environ | {
            "WEIR_DATA_DIR": str(folder),
            "WEIR_NATS_URL": nats_url,
            "WEIR_NATS_TOKEN": "bus",
            "WEIR_INTERNAL_TOKEN": TOKEN,
            "WEIR_INTERNAL_PORT": str(self.http_port),
            "WEIR_RTMP_HOST": "127.0.0.1",
            "WEIR_RTMP_PORT": str(self.rtmp_port),
            "WEIR_PUSH_SECRET": SECRET,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.ingest"], env=environment, stderr=log
            )

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
                assert self.process.poll() is None, self.log.read_text()
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

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)


@pytest.fixture
async def ingest(
    tmp_path: Path, nats_url: str, catalog: SmallCatalog
) -> AsyncIterator[RunningIngest]:
    running = RunningIngest(tmp_path, nats_url)
    await running.ready()
    yield running
    running.stop()
