"""Objects go from one store to the other whole, or stay; what is said of them is so."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from libs.events import FinishMove, Move, MovingObject, NextMove, Nothing, TakeMove, Tier
from libs.storage import ObjectMissing, StoreUnavailable, TieredStore
from libs.storage.directory import DirectoryStore
from services.packager import metrics
from services.packager.moving import CopyDiffers, Moving
from tests.waiting import until

AT = datetime(2031, 5, 6, tzinfo=UTC)
DATA = {f"segments/{number}.m4s": bytes([number]) * 1000 for number in range(6)}


class Orders:
    """A catalog that wants these objects moved, once."""

    def __init__(self, to: Tier = "cold") -> None:
        self.next = NextMove(
            move=Move(
                tenant="default", stream="cam", to=to, from_at=AT, until_at=AT.replace(hour=1),
                objects=tuple(
                    MovingObject(
                        key=key, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
                    )
                    for key, data in DATA.items()
                ),
            )
        )  # fmt: skip
        self.finished: list[FinishMove] = []
        self.taken = 0

    async def ask(self, ask: Any) -> Any:
        if isinstance(ask, TakeMove):
            assert ask.mover == "packager-1"
            self.taken += 1
            return NextMove() if self.finished else self.next
        assert isinstance(ask, FinishMove)
        self.finished.append(ask)
        return Nothing()


@pytest.fixture
async def store(tmp_path: Path) -> TieredStore:
    """All lies hot."""
    (tmp_path / "cold").mkdir()
    hot = DirectoryStore(tmp_path / "hot")
    for key, data in DATA.items():
        await hot.put(key, data, content_type="video/mp4")
    return TieredStore(hot, DirectoryStore(tmp_path / "cold", makes_root=False))


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def moving(store: TieredStore, orders: Orders) -> Moving:
    return Moving(store, orders.ask, mover="packager-1")


async def test_objects_are_copied_and_told_of_and_stay_where_they_were(
    store: TieredStore, orders: Orders, moving: Moving
) -> None:
    assert [await moving.tick(), await moving.tick()] == [len(DATA), 0]
    for key, data in DATA.items():
        assert await store.cold.get(key) == data
        assert await store.hot.get(key) == data, "the catalog says when it may go"
    (done,) = orders.finished
    assert (done.keys, done.left, done.to, done.from_at) == (tuple(DATA), (), "cold", AT)


async def test_objects_come_back(store: TieredStore) -> None:
    back = Orders("hot")
    for key, data in DATA.items():
        await store.cold.put(key, data, content_type="video/mp4")
    await store.hot.delete(DATA)
    await Moving(store, back.ask, mover="packager-1").tick()
    for key, data in DATA.items():
        assert await store.hot.get(key) == data
    assert back.finished[0].keys == tuple(DATA)


async def test_what_an_earlier_try_has_done_is_not_done_again(
    store: TieredStore, orders: Orders, moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is copied, another even deleted behind its copy, of a third half a copy is there."""
    copied, gone, half, *_ = DATA
    for key in (copied, gone):
        await store.cold.put(key, DATA[key], content_type="video/mp4")
    await store.hot.delete([gone])
    await store.cold.put(half, DATA[half][:500], content_type="video/mp4")
    put = store.cold.put
    written: list[str] = []

    async def note(key: str, data: bytes, *, content_type: str) -> None:
        written.append(key)
        await put(key, data, content_type=content_type)

    monkeypatch.setattr(store.cold, "put", note)
    await moving.tick()
    assert set(written) == set(DATA) - {copied, gone}
    assert orders.finished[0].keys == tuple(DATA)
    assert await store.get(half) == await store.cold.get(half) == DATA[half]


async def test_what_is_missing_or_altered_stays_and_holds_up_nothing(
    store: TieredStore, orders: Orders, moving: Moving
) -> None:
    missing, altered, *others = DATA
    await store.hot.delete([missing])
    await store.hot.put(altered, b"other" * 200, content_type="video/mp4")
    with capture_logs() as said:
        await moving.tick()
    assert orders.finished[0].keys == tuple(others)
    assert set(orders.finished[0].left) == {missing, altered}
    assert {(each["key"], each["why"]) for each in said if each["event"] == "moving.left"} == {
        (missing, "missing"),
        (altered, "altered"),
    }
    with pytest.raises(ObjectMissing):
        await store.cold.get(altered)


async def test_copy_that_differs_is_never_told_of(
    store: TieredStore, orders: Orders, moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = store.cold.put

    async def spoil(key: str, data: bytes, *, content_type: str) -> None:
        await put(key, data[::-1][:-1] + b"!", content_type=content_type)

    monkeypatch.setattr(store.cold, "put", spoil)
    with pytest.raises(CopyDiffers):
        await moving.tick()
    assert orders.finished == []


async def test_copy_that_is_gone_when_it_is_read_back_is_made_again(
    store: TieredStore, orders: Orders, moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention let go of its row, and deletes it from both stores just then."""
    put = store.cold.put

    async def vanish(key: str, data: bytes, *, content_type: str) -> None:
        await put(key, data, content_type=content_type)
        await store.cold.delete([key])
        monkeypatch.setattr(store.cold, "put", put)

    monkeypatch.setattr(store.cold, "put", vanish)
    task = asyncio.create_task(moving.run(0.01))
    await until(lambda: task.done() or orders.finished)
    assert orders.finished, "it goes on"
    task.cancel()


async def test_cold_store_that_is_away_is_waited_for_and_told_of_once(
    store: TieredStore, orders: Orders, moving: Moving, tmp_path: Path
) -> None:
    (tmp_path / "cold").rename(tmp_path / "unmounted")
    with pytest.raises(StoreUnavailable):
        await moving.tick()
    with capture_logs() as said:
        task = asyncio.create_task(moving.run(0.01))
        tries = orders.taken
        await until(lambda: orders.taken > tries + 2, what="more tries")
        assert metrics.MOVES_WAIT._value.get() == 1
        (tmp_path / "unmounted").rename(tmp_path / "cold")
        await until(lambda: orders.finished)
        task.cancel()
    assert [each["event"] for each in said] == ["moving.waiting", "moving.goes_on"]
    assert "mount" in said[0]["reason"]
    assert metrics.MOVES_WAIT._value.get() == 0


async def test_reason_of_the_catalog_is_told_once(orders: Orders, moving: Moving) -> None:
    orders.next = NextMove(waits_for="There is no room.")
    with capture_logs() as said:
        assert [await moving.tick(), await moving.tick()] == [0, 0]
    assert [each["reason"] for each in said] == ["There is no room."]
