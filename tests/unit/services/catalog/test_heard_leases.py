import asyncio
import contextlib

import pytest

from libs.bus import LeaseRecord
from libs.bus.errors import BusUnavailable
from services.catalog import heard_leases
from services.catalog.heard_leases import FRESH_S, HeardLeases, Tell


class Bucket:
    """Leases in a dictionary, what was asked about them, and a clock of our own."""

    def __init__(self) -> None:
        self.records: dict[str, LeaseRecord] = {}
        self.asked: list[str] = []
        self.watches = 0
        self.watched = asyncio.Event()
        self.is_away = False
        self.now = 100.0
        self.leases = HeardLeases(self.watch, self.read, monotonic=lambda: self.now)

    async def watch(self, tell: Tell) -> None:
        self.watches += 1
        for each in self.records.values():
            tell(each)
        self.watched.set()
        if self.is_away:
            raise BusUnavailable("away")
        await asyncio.Event().wait()

    async def read(self, key: str) -> LeaseRecord | None:
        self.asked.append(key)
        if self.is_away:
            raise BusUnavailable("away")
        return self.records.get(key)

    def beat(self, key: str, beat: int) -> LeaseRecord:
        self.records[key] = LeaseRecord(
            key=key, holder="p", url="http://p", epoch=1, beat=beat, stream="s", session="x"
        )
        return self.records[key]


async def test_lease_that_beats_is_not_asked_about() -> None:
    bucket = Bucket()
    for beat in range(3):
        bucket.leases.hear(bucket.beat("package.x", beat))
        bucket.now += 1
        assert await bucket.leases.get("package.x") == bucket.records["package.x"]
    assert bucket.asked == []


async def test_lease_that_was_not_heard_for_a_while_is_read() -> None:
    bucket = Bucket()
    bucket.leases.hear(bucket.beat("package.x", 1))
    missed = bucket.beat("package.x", 2)
    bucket.now += FRESH_S + 0.1
    assert await bucket.leases.get("package.x") == missed
    assert await bucket.leases.get("relay.y") is None
    assert bucket.asked == ["package.x", "relay.y"]


async def test_lease_that_was_not_heard_is_unreadable_while_the_bus_is_away() -> None:
    bucket = Bucket()
    bucket.leases.hear(bucket.beat("package.x", 1))
    bucket.now += FRESH_S + 0.1
    bucket.is_away = True
    with pytest.raises(BusUnavailable):
        await bucket.leases.get("package.x")


async def test_lease_that_fell_silent_is_forgotten_when_others_beat() -> None:
    bucket = Bucket()
    bucket.leases.hear(bucket.beat("package.x", 1))
    bucket.now += FRESH_S + 0.1
    bucket.leases.hear(bucket.beat("package.y", 1))
    assert list(bucket.leases._heard) == ["package.y"]


async def test_watch_that_broke_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard_leases, "RETRY_S", 0)
    bucket = Bucket()
    bucket.is_away = True
    running = asyncio.create_task(bucket.leases.run())
    await bucket.watched.wait()
    bucket.is_away = False
    bucket.beat("package.x", 1)
    bucket.watched.clear()
    await bucket.watched.wait()
    assert bucket.watches > 1
    assert await bucket.leases.get("package.x") == bucket.records["package.x"]
    assert bucket.asked == []
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
