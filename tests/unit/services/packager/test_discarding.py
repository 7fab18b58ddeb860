"""What is due is deleted from the store, and then forgotten."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from libs.bus import AskTimedOut
from libs.bus.asking import answer_error, read_answer
from libs.errors import Unavailable
from libs.events import DeferDiscards, Discards, ForgetDiscards, ListDiscards, Nothing
from libs.storage import ObjectMissing, TieredStore
from libs.storage.directory import DirectoryStore
from services.packager.discarding import Discarding, drop_copies


class Due:
    """A catalog that has these keys due."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.rooms: list[int | None] = []
        self.deferred: list[DeferDiscards] = []

    async def ask(self, ask: object) -> Any:
        if isinstance(ask, ListDiscards):
            self.rooms.append(ask.free_bytes)
            return Discards(keys=tuple(self.keys[:2]))
        if isinstance(ask, DeferDiscards):
            self.deferred.append(ask)
            self.keys = [key for key in self.keys if key not in ask.keys]
            return Nothing()
        assert isinstance(ask, ForgetDiscards)
        self.rooms.append(ask.free_bytes)
        self.keys = [key for key in self.keys if key not in ask.keys]
        return Nothing()


async def test_due_objects_are_deleted_and_others_stay(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    for key in ("a", "b", "c", "kept"):
        await store.put(key, b"data", content_type="video/mp4")
    due = Due("a", "b", "c", "never-there")
    discarding = Discarding(store, due.ask)
    assert [await discarding.tick() for _ in range(3)] == [2, 2, 0]
    for key in ("a", "b", "c"):
        with pytest.raises(ObjectMissing):
            await store.get(key)
    assert await store.get("kept") == b"data"
    assert due.keys == []
    assert all(room is not None and room > 0 for room in due.rooms)


async def test_a_catalog_that_cannot_answer_is_asked_again(tmp_path: Path) -> None:
    """Its database is away, or it answers too late: neither may end the packager."""
    away = answer_error("catalog.discard.list", Unavailable("The database is away."))
    asked = 0
    answered = asyncio.Event()

    async def ask(ask: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            return read_answer(ask, away)
        if asked == 2:
            raise AskTimedOut("It was not answered.")
        answered.set()
        return Discards(keys=())

    task = asyncio.create_task(Discarding(DirectoryStore(tmp_path), ask).run(0.01))
    async with asyncio.timeout(5):
        await answered.wait()
    assert not task.done()
    task.cancel()


# --- two stores -------------------------------------------------------------------------------


@pytest.fixture
def tiered(tmp_path: Path) -> TieredStore:
    (tmp_path / "cold").mkdir()
    cold = DirectoryStore(tmp_path / "cold", makes_root=False)
    return TieredStore(DirectoryStore(tmp_path / "hot"), cold)


async def test_hot_store_has_its_room_though_the_cold_one_is_away(
    tiered: TieredStore, tmp_path: Path
) -> None:
    for key in ("a", "b", "c"):
        await tiered.put(key, b"data", content_type="video/mp4")
    (tmp_path / "cold").rmdir()
    due = Due("a", "b", "c")
    discarding = Discarding(tiered, due.ask)
    assert [await discarding.tick() for _ in range(3)] == [2, 1, 0]
    assert [item.key async for item in tiered.hot.list("")] == []
    assert [(each.keys, each.is_cold_left) for each in due.deferred] == [
        (("a", "b"), True),
        (("c",), True),
    ]


async def test_copy_goes_only_while_the_other_tier_has_one(tiered: TieredStore) -> None:
    for key in ("a", "last"):
        await tiered.hot.put(key, b"data", content_type="video/mp4")
    await tiered.cold.put("a", b"data", content_type="video/mp4")
    due = Due("a", "last")
    await drop_copies(tiered, "hot", due.ask)
    assert [item.key async for item in tiered.hot.list("")] == ["last"]
    assert [item.key async for item in tiered.cold.list("")] == ["a"]
    assert due.keys == [], "nobody tries it again and again"
