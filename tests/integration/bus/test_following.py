"""Reading a log in order, as each of several processes does for itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from nats.js import JetStreamContext

from libs.bus import Bus, Logged
from libs.bus.following import FETCH_TIMEOUT_S
from libs.bus.topology import CHAT_LOG
from libs.errors import Unavailable
from libs.events import CHAT_FACTS, ChatAuthor, ChatSaid
from tests.nats_server import NATSServer
from tests.waiting import until

pytestmark = pytest.mark.integration

Start = Callable[..., Awaitable[None]]


def said(key: str) -> ChatSaid:
    author = ChatAuthor(id="a", name="Ann", kind="guest")
    return ChatSaid(
        tenant="default", stream="s", key=key, author=author, network="n", text=f"text {key}"
    )


class Reader:
    """Follows the log by way of `bus`, from `start` on."""

    def __init__(self, bus: Bus, start: int | datetime) -> None:
        self.got: list[Logged] = []
        self.start = start
        self.trouble: Exception | None = None
        bus.follow(CHAT_LOG, CHAT_FACTS, self._take, start=self._where, gather_s=0.01)

    @property
    def keys(self) -> list[str]:
        return [each.data.key for each in self.got if isinstance(each.data, ChatSaid)]

    async def _where(self) -> int | datetime:
        return self.start

    async def _take(self, found: Sequence[Logged]) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.got += found


async def test_all_who_follow_a_log_read_the_same_in_the_same_order(
    nats: NATSServer, start: Start
) -> None:
    buses = nats.bus("catalog/1", provisions=True), nats.bus("gateway/1"), nats.bus("gateway/2")
    readers = [Reader(bus, 1) for bus in buses]
    await start(*buses)
    keys = [str(number) for number in range(60)]
    await asyncio.gather(
        *(bus.append(said(key)) for key, bus in zip(keys, buses * 20, strict=True))
    )
    await until(lambda: all(len(reader.got) == len(keys) for reader in readers))
    assert readers[0].got == readers[1].got == readers[2].got
    assert sorted(readers[0].keys) == sorted(keys)
    numbers = [each.sequence for each in readers[0].got]
    assert numbers == list(range(numbers[0], numbers[0] + len(keys)))


async def test_a_message_that_is_said_again_has_the_number_of_the_first(
    nats: NATSServer, start: Start
) -> None:
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    first, other = await bus.append(said("a")), await bus.append(said("b"))
    assert await bus.append(said("a")) == first
    assert other == first + 1


async def test_numbers_are_above_those_of_a_log_that_was_lost(
    nats: NATSServer, start: Start
) -> None:
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    before = await bus.append(said("a"))
    assert before >= (time.time() - 60) * 1000
    await bus._js.delete_stream(CHAT_LOG)
    await bus._prepare()
    assert await bus.append(said("b")) > before


async def test_a_log_is_followed_from_a_number_or_a_time_on(nats: NATSServer, start: Start) -> None:
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    await bus.append(said("a"))
    second = await bus.append(said("b"))
    of_number = Reader(numbered := nats.bus("gateway/1"), second)
    of_time = Reader(timed := nats.bus("gateway/2"), datetime.now(UTC) - timedelta(minutes=1))
    of_now = Reader(late := nats.bus("gateway/3"), datetime.now(UTC) + timedelta(seconds=0.1))
    await start(numbered, timed, late)
    await until(lambda: of_number.keys == ["b"] and of_time.keys == ["a", "b"])
    await until(lambda: datetime.now(UTC) > of_now.start)  # type: ignore[operator]
    await bus.append(said("c"))
    await until(lambda: of_now.keys == ["c"])
    assert of_number.keys == ["b", "c"]


async def test_a_fetch_that_brings_nothing_is_followed_by_the_next(
    nats: NATSServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, empty = JetStreamContext.PullSubscription.fetch, ["once", "twice"]

    async def fetch_late(self: Any, *args: Any, **more: Any) -> Any:
        return [] if empty and empty.pop() else await fetch(self, *args, **more)

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", fetch_late)
    bus = nats.bus("catalog/1", provisions=True)
    reader = Reader(bus, 1)
    await start(bus)
    await bus.append(said("a"))
    await until(lambda: reader.keys == ["a"])
    assert not empty
    assert not bus.failed.is_set()


async def test_nothing_is_lost_while_the_server_is_away_or_the_reader_in_trouble(
    nats: NATSServer, start: Start
) -> None:
    bus, other = nats.bus("catalog/1", provisions=True), nats.bus("gateway/1")
    reader = Reader(other, 1)
    await start(bus, other)
    await bus.append(said("a"))
    await until(lambda: reader.keys == ["a"])
    nats.kill()
    await until(lambda: not bus.is_connected and not other.is_connected)
    nats.start()
    await until(lambda: bus.is_connected and other.is_connected)
    await bus.append(said("b"))
    await until(lambda: reader.keys == ["a", "b"])
    reader.trouble = Unavailable("Try again.")
    await bus.append(said("c"))
    await bus.append(said("d"))
    reader.trouble = None
    await until(lambda: reader.keys == ["a", "b", "c", "d"])


def has_come(reader: Reader, number: int) -> bool:
    return len(reader.got) == number


async def test_what_comes_alone_is_heard_at_once(nats: NATSServer, start: Start) -> None:
    """A reader that waits has asked already, so nobody waits for a batch to fill."""
    bus = nats.bus("catalog/1", provisions=True)
    reader = Reader(bus, 1)
    await start(bus)
    waits_s = []
    for number in range(1, 21):
        await bus.append(said(str(number)))
        began = time.monotonic()
        await until(partial(has_come, reader, number))
        waits_s.append(time.monotonic() - began)
    assert sorted(waits_s)[10] < FETCH_TIMEOUT_S / 4, waits_s
