"""One pull per watched stream: begun, shared, resumed and ended at the right time."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from libs.events import LadderDemand
from libs.media import amf0
from libs.media.flv import FLV_HEADER, Tag, TagType, write_tag
from libs.pull import GATHER_S
from services.gateway.errors import OriginUnreachable, RungUnknown
from services.gateway.playback import fanout as fanout_module
from services.gateway.playback.audience import Audience
from services.gateway.playback.demand import Demand
from services.gateway.playback.directory import Directory, Live
from services.gateway.playback.fanout import FEW_VIEWERS, Fanout, Fanouts
from services.gateway.playback.poller import Poller
from tests.unit.services.gateway.playback.players import FLVPlayer
from tests.waiting import until

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
        self.rungs: list[str] = []
        self.reads: list[asyncio.Queue[bytes | None]] = []
        self.readers: list[str] = []
        self.wishes: list[tuple[str, float]] = []
        """Who let tags be gathered, or did not any more."""
        self.missing = {"gone", "lazy"}
        """Rungs that there are not."""
        self.opened = asyncio.Event()
        self.is_away = False
        self.is_deaf = False
        self.closed = 0

    @asynccontextmanager
    async def flv(self, live: Live, rung: str = "", *, reader: str) -> AsyncIterator["Reads"]:
        if rung in self.missing:
            raise RungUnknown("no such rung")
        self.readers.append(reader)
        self.pulls.append(live)
        self.rungs.append(rung)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.reads.append(queue)
        self.opened.set()
        if self.is_away:
            raise OriginUnreachable("away")
        try:
            yield Reads(queue)
        finally:
            self.closed += 1

    async def gather(self, _: Live, reader: str, wait_s: float) -> None:
        self.wishes.append((reader, wait_s))
        if self.is_deaf:
            raise OriginUnreachable("deaf")

    async def next_pull(self) -> asyncio.Queue[bytes | None]:
        async with asyncio.timeout(5):
            await self.opened.wait()
        self.opened.clear()
        return self.reads[-1]


class Reads:
    def __init__(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._queue = queue

    async def each(self, take: Callable[[bytes], None]) -> None:
        while (data := await self._queue.get()) is not None:
            take(data)


class Watched(FLVPlayer):
    """A player whose frames are looked at."""

    def frames(self) -> list[int]:
        return [tag.dts_ms for tag in self.tags() if tag.body[1] == 1]

    async def has(self, *frames: int) -> None:
        await self.until(lambda _: self.frames() == list(frames))


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout_module, "RETRY_S", 0.01)
    monkeypatch.setattr(fanout_module, "LINGER_S", 0.05)


Watch = Callable[[], tuple[Fanout, Watched]]


@pytest.fixture
def watch(fanouts: Fanouts, poller: Poller) -> Watch:
    """One more viewer of the stream."""

    def watch() -> tuple[Fanout, Watched]:
        fanout = fanouts.of("cam")
        watched = Watched(poller, on_leave=fanout.left)
        fanout.join(watched.viewer)
        return fanout, watched

    return watch


@pytest.fixture
def ingest() -> Ingest:
    return Ingest()


async def want_ladder(_session: str) -> LadderDemand:
    return LadderDemand(again_s=60, rungs=("lazy",))


@pytest.fixture
async def fanouts(directory: Directory, ingest: Ingest) -> AsyncIterator[Fanouts]:
    def spawn(coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        return asyncio.create_task(coroutine, name=name)

    made = Fanouts(directory, ingest, Demand(want_ladder), spawn=spawn)  # type: ignore[arg-type]
    yield made
    await made.close()


Publish = Callable[..., None]


async def test_all_viewers_share_one_pull(watch: Watch, ingest: Ingest, publish: Publish) -> None:
    publish(ONE)
    crowd = [watch()[1] for _ in range(FEW_VIEWERS + 5)]
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    for time in range(40, 400, 40):
        pull.put_nowait(key(time))
    for watched in crowd:
        await watched.has(*range(0, 400, 40))
    assert len(ingest.pulls) == 1


async def test_few_viewers_get_each_read_at_once(
    watch: Watch, ingest: Ingest, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "GATHER_S", 3600)
    publish(ONE)
    _, watched = watch()
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)
    pull.put_nowait(key(40))
    await watched.has(0, 40)


async def test_next_chunk_waits_for_the_last_to_go_out(
    watch: Watch, ingest: Ingest, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "GATHER_S", 0.0)
    publish(ONE)
    crowd = [watch()[1] for _ in range(FEW_VIEWERS + 1)]
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    for watched in crowd:
        await watched.has(0)
    monkeypatch.setattr(Audience, "is_sending", True)
    pull.put_nowait(key(40))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await crowd[0].has(0, 40)
    monkeypatch.setattr(Audience, "is_sending", False)
    for watched in crowd:
        await watched.has(0, 40)


async def test_ingest_gathers_for_a_large_audience_until_it_is_small_again(
    watch: Watch, ingest: Ingest, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "WISH_S", 0.0)
    publish(ONE)
    crowd = [watch()[1] for _ in range(FEW_VIEWERS)]
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await crowd[0].has(0)
    assert ingest.wishes == []
    crowd.append(watch()[1])
    pull.put_nowait(key(40))
    await until(lambda: ingest.wishes == [(ingest.readers[0], GATHER_S)])
    crowd[0].viewer.leave()
    time = itertools.count(80, 40)

    def is_told() -> bool:
        pull.put_nowait(key(next(time)))
        return len(ingest.wishes) > 1

    await until(is_told)
    assert ingest.wishes[1] == (ingest.readers[0], 0)


async def test_gathering_of_ingest_does_not_wait_again(
    watch: Watch, ingest: Ingest, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ONE)
    fanout, watched = watch()
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)
    for _ in range(FEW_VIEWERS):
        watch()
    pull.put_nowait(key(40))
    await until(lambda: fanout._is_gathered)
    await watched.has(0, 40)
    monkeypatch.setattr(fanout_module, "GATHER_S", 3600)
    for time in (80, 120, 160):
        pull.put_nowait(key(time))
        await watched.has(*range(0, time + 1, 40))


async def test_wish_that_is_not_heard_is_said_again(
    watch: Watch, ingest: Ingest, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "WISH_S", 0.0)
    publish(ONE)
    crowd = [watch()[1] for _ in range(FEW_VIEWERS + 1)]
    pull = await ingest.next_pull()
    ingest.is_deaf = True
    pull.put_nowait(prologue(0) + key(0))
    time = itertools.count(40, 40)

    def is_told(times: int) -> bool:
        pull.put_nowait(key(next(time)))
        return len(ingest.wishes) >= times

    await until(lambda: is_told(2))
    ingest.is_deaf = False
    await until(lambda: is_told(3))
    for watched in crowd:
        assert not watched.is_ended


async def test_runs_of_frames_go_out_as_they_came(
    watch: Watch, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    _, watched = watch()
    pull = await ingest.next_pull()
    sound = write_tag(Tag(TagType.AUDIO, 0, b"\xaf\x01"))
    pull.put_nowait(prologue(0) + key(0) + sound)
    frames = [write_tag(Tag(TagType.VIDEO, n * 40, b"\x27\x01\0\0\0")) for n in range(1, 9)]
    for at in (0, 2, 4):
        pull.put_nowait(frames[at] + frames[at + 1])
    pull.put_nowait(frames[6] + frames[7][:8])  # in pieces
    pull.put_nowait(frames[7][8:])
    await watched.until(lambda _: watched.data.endswith(b"".join(frames)))


async def test_broken_pull_is_resumed_without_repeats(
    watch: Watch, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    _, watched = watch()
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0) + key(40))
    await watched.has(0, 40)
    pull.put_nowait(None)
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(1) + key(40) + key(80))
    await watched.has(0, 40, 80)
    assert not watched.is_ended


async def test_ingest_that_is_away_is_tried_again(
    watch: Watch, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    ingest.is_away = True
    _, watched = watch()
    await ingest.next_pull()
    await ingest.next_pull()
    ingest.is_away = False
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)


async def test_pull_follows_the_session_and_the_ingest(
    watch: Watch, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    _, watched = watch()
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
    await watched.until(lambda _: len(watched.frames()) == 3)
    assert watched.frames()[-1] > 10_040, "time goes on"
    assert [live.origin_url for live in ingest.pulls] == [
        "http://ingest",
        "http://other",
        "http://other",
    ]
    assert not watched.is_ended


async def test_end_of_the_session_ends_viewers_and_pull(
    watch: Watch, ingest: Ingest, publish: Publish, end: Callable[[str], None]
) -> None:
    publish(ONE)
    _, watched = watch()
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)
    end(ONE)
    pull.put_nowait(key(40))
    pull.put_nowait(None)
    async with asyncio.timeout(5):
        await watched.has_left.wait()
    assert watched.frames() == [0, 40], "the last tags came after the word of the end"
    assert ingest.closed == 1


async def test_pull_that_does_not_end_by_itself_is_ended(
    watch: Watch,
    ingest: Ingest,
    publish: Publish,
    end: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fanout_module, "LAST_TAGS_S", 0.05)
    publish(ONE)
    _, watched = watch()
    await ingest.next_pull()
    end(ONE)
    async with asyncio.timeout(5):
        await watched.has_left.wait()
    assert ingest.closed == 1


async def test_pull_ends_a_little_after_the_last_viewer(
    watch: Watch, ingest: Ingest, publish: Publish
) -> None:
    publish(ONE)
    fanout, first = watch()
    await ingest.next_pull()
    first.viewer.leave()
    again, second = watch()
    assert again is fanout, "a reload finds the pull"
    second.viewer.leave()
    async with asyncio.timeout(5):
        while not ingest.closed:
            await asyncio.sleep(0.01)
    another, _ = watch()
    assert another is not fanout
    await ingest.next_pull()


async def test_rung_has_a_pull_of_its_own(
    fanouts: Fanouts, ingest: Ingest, poller: Poller, publish: Publish
) -> None:
    publish(ONE)
    source, rung = fanouts.of("cam"), fanouts.of("cam", "360p")
    assert source is fanouts.of("cam", "source")
    assert rung is not source
    for fanout in (source, rung):
        fanout.join(Watched(poller, on_leave=fanout.left).viewer)
    async with asyncio.timeout(5):
        while len(ingest.rungs) < 2:
            await asyncio.sleep(0.01)
    assert sorted(ingest.rungs) == ["", "360p"]


async def test_rung_that_is_yet_to_be_made_is_waited_for(
    fanouts: Fanouts, ingest: Ingest, poller: Poller, publish: Publish
) -> None:
    publish(ONE)
    fanout = fanouts.of("cam", "lazy")
    watched = Watched(poller, on_leave=fanout.left)
    fanout.join(watched.viewer)
    await asyncio.sleep(0.05)
    assert not watched.has_left.is_set()
    ingest.missing.clear()
    pull = await ingest.next_pull()
    pull.put_nowait(prologue(0) + key(0))
    await watched.has(0)


async def test_viewers_of_a_rung_that_there_is_not_are_let_go(
    fanouts: Fanouts, poller: Poller, publish: Publish
) -> None:
    publish(ONE)
    fanout = fanouts.of("cam", "gone")
    watched = Watched(poller, on_leave=fanout.left)
    fanout.join(watched.viewer)
    async with asyncio.timeout(5):
        await watched.has_left.wait()
