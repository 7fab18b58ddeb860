"""One pull per watched stream: begun, shared, resumed and ended at the right time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from libs.media import amf0
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, write_tag
from services.gateway.errors import OriginUnreachable
from services.gateway.playback import fanout as fanout_module
from services.gateway.playback.directory import Directory, Live
from services.gateway.playback.fanout import FEW_VIEWERS, Fanouts
from services.gateway.playback.viewer import Viewer

ONE, TWO = "69573000-00000001", "69573100-00000002"
AVC = Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00config")


def key(dts_ms: int) -> bytes:
    return write_tag(Tag(TagType.VIDEO, dts_ms, b"\x17\x01\x00\x00\x00"))


def prologue(next_tag: int) -> bytes:
    position = amf0.encode("weir.position", {"next_tag": float(next_tag)})
    return FLV_HEADER + write_tag(AVC) + write_tag(Tag(TagType.SCRIPT, 0, position))


class Ingest:
    """Hands out pulls, and lets the test write into each."""

    def __init__(self) -> None:
        self.pulls: list[Live] = []
        self.reads: list[asyncio.Queue[bytes | None]] = []
        self.opened = asyncio.Event()
        self.is_away = False
        self.closed = 0

    @asynccontextmanager
    async def flv(self, live: Live) -> AsyncIterator[AsyncIterator[bytes]]:
        self.pulls.append(live)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.reads.append(queue)
        self.opened.set()
        if self.is_away:
            raise OriginUnreachable("away")
        try:
            yield self._read(queue)
        finally:
            self.closed += 1

    async def _read(self, queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
        while (data := await queue.get()) is not None:
            yield data

    async def next_pull(self) -> asyncio.Queue[bytes | None]:
        async with asyncio.timeout(5):
            await self.opened.wait()
        self.opened.clear()
        return self.reads[-1]


class Transport(asyncio.WriteTransport):
    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self.writes = 0
        self.wrote = asyncio.Event()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data
        self.writes += 1
        self.wrote.set()


class Watched:
    def __init__(self) -> None:
        self.transport = Transport()
        self.closed = asyncio.Event()
        self.viewer = Viewer(self.transport, b"", close=self.closed.set)

    def frames(self) -> list[int]:
        tags = FLVReader().feed(self.transport.data)
        return [tag.dts_ms for tag in tags if tag.body[1] == 1]

    async def has(self, *frames: int) -> None:
        async with asyncio.timeout(5):
            while self.frames() != list(frames):
                self.transport.wrote.clear()
                await self.transport.wrote.wait()


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout_module, "RETRY_S", 0.01)
    monkeypatch.setattr(fanout_module, "LINGER_S", 0.05)


@pytest.fixture
def ingest() -> Ingest:
    return Ingest()


@pytest.fixture
async def fanouts(directory: Directory, ingest: Ingest) -> AsyncIterator[Fanouts]:
    def spawn(coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        return asyncio.create_task(coroutine, name=name)

    made = Fanouts(directory, ingest, spawn=spawn)  # type: ignore[arg-type]
    yield made
    await made.close()


Publish = Callable[..., None]


async def test_all_viewers_share_one_pull(
    fanouts: Fanouts, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    crowd = [Watched() for _ in range(FEW_VIEWERS + 5)]
    for watched in crowd:
        fanouts.join("cam", watched.viewer)
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    for time in range(40, 400, 40):
        pull.put_nowait(key(time))
    for watched in crowd:
        await watched.has(*range(0, 400, 40))
    assert len(ingest.pulls) == 1


async def test_few_viewers_get_each_read_at_once(
    fanouts: Fanouts, ingest: Ingest, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "TICK_S", 3600)
    publish(ONE)
    watched = Watched()
    fanouts.join("cam", watched.viewer)
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)
    pull.put_nowait(key(40))
    await watched.has(0, 40)


async def test_broken_pull_is_resumed_without_repeats(
    fanouts: Fanouts, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    watched = Watched()
    fanouts.join("cam", watched.viewer)
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0) + key(40))
    await watched.has(0, 40)
    pull.put_nowait(None)
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(1) + key(40) + key(80))
    await watched.has(0, 40, 80)
    assert not watched.closed.is_set()


async def test_ingest_that_is_away_is_tried_again(
    fanouts: Fanouts, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    ingest.is_away = True
    watched = Watched()
    fanouts.join("cam", watched.viewer)
    await ingest.next_pull()
    await ingest.next_pull()
    ingest.is_away = False
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)


async def test_pull_follows_the_session_and_the_ingest(
    fanouts: Fanouts, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    watched = Watched()
    fanouts.join("cam", watched.viewer)
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(10_000))
    await watched.has(10_000)
    publish(ONE, 2, "http://other")
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(1) + key(10_040))
    await watched.has(10_000, 10_040)
    publish(TWO, 3, "http://other")
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(10_000))
    async with asyncio.timeout(5):
        while len(watched.frames()) < 3:
            watched.transport.wrote.clear()
            await watched.transport.wrote.wait()
    assert watched.frames()[-1] > 10_040, "time goes on"
    assert [live.origin_url for live in ingest.pulls] == [
        "http://ingest",
        "http://other",
        "http://other",
    ]
    assert not watched.closed.is_set()


async def test_end_of_the_session_ends_viewers_and_pull(
    fanouts: Fanouts, ingest: Ingest, publish: Publish, end: Callable[[str], None]
) -> None:
    publish(ONE)
    watched = Watched()
    fanouts.join("cam", watched.viewer)
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)
    end(ONE)
    pull.put_nowait(key(40))
    pull.put_nowait(None)
    async with asyncio.timeout(5):
        await watched.closed.wait()
    assert watched.frames() == [0, 40], "the last tags came after the word of the end"
    assert ingest.closed == 1


async def test_pull_that_does_not_end_by_itself_is_ended(
    fanouts: Fanouts,
    ingest: Ingest,
    publish: Publish,
    end: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fanout_module, "LAST_TAGS_S", 0.05)
    publish(ONE)
    watched = Watched()
    fanouts.join("cam", watched.viewer)
    await ingest.next_pull()
    end(ONE)
    async with asyncio.timeout(5):
        await watched.closed.wait()
    assert ingest.closed == 1


async def test_pull_ends_a_little_after_the_last_viewer(
    fanouts: Fanouts, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    first, second = Watched(), Watched()
    fanout = fanouts.join("cam", first.viewer)
    await ingest.next_pull()
    fanout.leave(first.viewer)
    assert fanouts.join("cam", second.viewer) is fanout, "a reload finds the pull"
    fanout.leave(second.viewer)
    async with asyncio.timeout(5):
        while not ingest.closed:
            await asyncio.sleep(0.01)
    third = Watched()
    assert fanouts.join("cam", third.viewer) is not fanout
    await ingest.next_pull()
