"""Server-sent events: from the log, without gap or repeat, however far behind a listener is."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from libs.errors import Unavailable
from libs.events import ListPublicEvents, LoggedEvent, LoggedEvents
from services.gateway import front, public_feed
from services.gateway.api.house import House
from services.gateway.door import Door
from services.gateway.event_stream import event_stream
from services.gateway.public_feed import Frame, ListenersTooMany, PublicFeed, PublicFeeds, Wanted
from tests.unit.services.gateway.conftest import MemoryCatalog
from tests.unit.services.gateway.one_stream import OneSegmentPlayer, get
from tests.waiting import until


class MemoryLog:
    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []
        self.oldest = 1
        self.asked: list[ListPublicEvents] = []
        self.is_away = False

    def add(self, type_: str = "stream.changed", stream: str = "cam") -> None:
        number = len(self.events) + 1
        body = json.dumps({"type": type_, "data": {"stream": stream, "n": number}})
        event = LoggedEvent(sequence=number, id=f"e{number}", type=type_, stream=stream, body=body)
        self.events.append(event)

    async def list(self, ask: ListPublicEvents) -> LoggedEvents:
        self.asked.append(ask)
        if self.is_away:
            raise Unavailable("It is away.")
        newest = len(self.events)
        found = [
            event
            for event in self.events[ask.after if ask.after is not None else newest :]
            if (ask.types is None or event.type in ask.types)
            and (ask.streams is None or event.stream in ask.streams)
            and event.sequence >= self.oldest
        ]
        page = tuple(found[: ask.limit])
        after = page[-1].sequence if len(found) > ask.limit else newest
        return LoggedEvents(events=page, next_after=after, oldest=self.oldest, newest=newest)


class Reader:
    """Collects the ids that a listener is sent."""

    def __init__(self, feed: PublicFeed, after: int | None, **wanted: Any) -> None:
        self.ids: list[int] = []
        self.text = ""
        self.is_welcome = True
        self.task = asyncio.create_task(self._read(feed, after, Wanted(**wanted)))

    async def _may(self) -> bool:
        return self.is_welcome

    async def _read(self, feed: PublicFeed, after: int | None, wanted: Wanted) -> None:
        listener = await feed.open(after, wanted)
        async for wire in listener.wire(self._may):
            self.text += wire.decode()
            lines = wire.decode().splitlines()
            self.ids += [int(line[4:]) for line in lines if line.startswith("id: ")]


async def welcome() -> bool:
    return True


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def feed(log: MemoryLog) -> AsyncIterator[PublicFeed]:
    feed = PublicFeed("default", log.list)
    running = asyncio.create_task(feed.run())
    yield feed
    feed.close()
    running.cancel()
    await asyncio.wait({running})


async def test_many_hear_each_event_once_and_the_log_is_read_once_for_all(
    log: MemoryLog, feed: PublicFeed
) -> None:
    readers = [Reader(feed, None) for _ in range(20)]
    await until(lambda: all("retry" in reader.text for reader in readers))
    await until(lambda: feed._newest == 0)
    asked = len(log.asked)
    for _ in range(50):
        log.add()
        feed.wake()
        await asyncio.sleep(0)
    await until(lambda: all(len(reader.ids) >= 50 for reader in readers))
    assert all(reader.ids == list(range(1, 51)) for reader in readers)
    assert len(log.asked) - asked < 60


async def test_listener_that_comes_back_goes_on_where_it_was(
    log: MemoryLog, feed: PublicFeed
) -> None:
    """By pages, then from memory; what comes meanwhile is neither left out nor sent twice."""
    feed._frames = deque(maxlen=10)
    for _ in range(450):
        log.add()
    reader = Reader(feed, 7)
    while len(reader.ids) < 443:
        log.add()
        feed.wake()
        await asyncio.sleep(0)
    end = len(log.events)
    await until(lambda: reader.ids and reader.ids[-1] == end)
    assert reader.ids == list(range(8, end + 1))


async def test_types_and_streams_are_filtered_from_memory_and_from_pages(
    log: MemoryLog, feed: PublicFeed
) -> None:
    def add_four() -> None:
        for type_, stream in (
            ("asset.ready", "a"), ("asset.failed", "a"), ("asset.ready", "b"), ("job.failed", "a"),
        ):  # fmt: skip
            log.add(type_, stream)

    add_four()
    reader = Reader(feed, 0, types=("asset.*",), streams=("a",))
    await until(lambda: reader.ids == [1, 2])
    add_four()
    feed.wake()
    await until(lambda: reader.ids == [1, 2, 5, 6])


async def test_what_the_log_has_no_more_is_said_to_be_missed(
    log: MemoryLog, feed: PublicFeed
) -> None:
    for _ in range(10):
        log.add()
    log.oldest = 6
    behind, ahead = Reader(feed, 2), Reader(feed, 99)
    await until(lambda: behind.ids == [5, 6, 7, 8, 9, 10])
    assert 'event: events.missed\ndata: {"after": 2, "next": 6}' in behind.text
    await until(lambda: ahead.ids == [10])
    assert 'event: events.missed\ndata: {"after": 99, "next": 11}' in ahead.text


async def test_catalog_that_is_away_costs_nothing_but_time(
    log: MemoryLog, feed: PublicFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_feed, "RETRY_S", 0.01)
    reader = Reader(feed, None)
    await until(lambda: feed._newest == 0)
    log.is_away = True
    log.add()
    feed.wake()
    asked = len(log.asked)
    await until(lambda: len(log.asked) > asked + 2)
    log.is_away = False
    await until(lambda: reader.ids == [1])


async def test_silence_is_broken_by_comments_until_the_listener_is_not_welcome(
    feed: PublicFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_feed, "HEARTBEAT_S", 0.02)
    reader = Reader(feed, None)
    await until(lambda: reader.text.count(":\n\n") >= 3)
    reader.is_welcome = False
    await until(reader.task.done)


async def test_listeners_are_bounded_and_go_when_the_feed_is_closed(
    feed: PublicFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_feed, "MAX_LISTENERS", 1)
    reader = Reader(feed, None)
    await until(lambda: reader.text)
    with pytest.raises(ListenersTooMany):
        await feed.open(None, Wanted())
    feed.close()
    await until(reader.task.done)
    assert feed._listeners == 0


async def test_listener_that_takes_nothing_is_cut_off(
    log: MemoryLog, feed: PublicFeed, player: OneSegmentPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for it is bounded by the connection's buffers; it comes back and goes on."""
    monkeypatch.setattr(front, "STALL_S", 0.2)
    for _ in range(200):
        log.add(stream="x" * 60_000)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        listener = await feed.open(0, Wanted())
        await event_stream(listener.wire(welcome))(scope, receive, send)

    door = Door(app, player, host="127.0.0.1", port=0)  # type: ignore[arg-type]
    serving = asyncio.create_task(door.serve())
    _, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1024)
    writer.write(get("/events").encode())
    await until(lambda: feed._listeners == 1)
    await until(lambda: feed._listeners == 0)
    writer.close()
    door.close()
    await serving


def test_event_is_one_frame_whatever_stands_in_it() -> None:
    body = json.dumps({"name": "<script>alert(1)</script>\r\n\r\ndata: x\n"})
    event = LoggedEvent(sequence=1, id="e", type="upload.accepted", stream=None, body=body)
    wire = Frame.of(event).wire.decode()
    assert wire.count("\n\n") == 1
    assert wire.startswith("id: 1\nevent: upload.accepted\ndata: {")


async def test_only_who_is_known_may_listen(stranger: httpx2.AsyncClient, house: House) -> None:
    assert (await stranger.get("/api/v1/events")).status_code == 401
    assert isinstance(house.catalog, MemoryCatalog)
    assert house.catalog.asked == []


@pytest.mark.parametrize(
    ("query", "code"),
    [("type=asset.red", "event_type_unknown"), ("stream=../x", "stream_unknown")],
)
async def test_wrong_filters_are_refused(client: httpx2.AsyncClient, query: str, code: str) -> None:
    answer = await client.get(f"/api/v1/events?{query}")
    assert answer.json()["code"] == code
    answer = await client.get("/api/v1/events", headers={"Last-Event-ID": "x"})
    assert answer.status_code == 422


async def test_each_tenant_hears_its_own_log_and_nobody_after_the_end() -> None:
    asked: list[str] = []

    async def list_events(ask: ListPublicEvents) -> LoggedEvents:
        asked.append(ask.tenant)
        return LoggedEvents(events=(), next_after=0, oldest=1, newest=0)

    feeds = PublicFeeds(list_events, asyncio.create_task)
    await feeds.of("acme").open(None, Wanted())
    await feeds.of("default").open(None, Wanted())
    assert asked == ["acme", "default"]
    assert feeds.of("acme") is feeds.of("acme")
    feeds.close()
    assert feeds.of("acme").is_closed
    assert feeds.of("another").is_closed
