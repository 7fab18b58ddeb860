"""What is due is deleted from the store, and then forgotten."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from libs.bus import AskTimedOut
from libs.bus.asking import answer_error, read_answer
from libs.errors import Unavailable
from libs.events import Discards, ForgetDiscards, ListDiscards, Nothing
from libs.storage import ObjectMissing
from libs.storage.directory import DirectoryStore
from services.packager.discarding import Discarding


class Due:
    """A catalog that has these keys due."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.rooms: list[int | None] = []

    async def ask(self, ask: object) -> Any:
        if isinstance(ask, ListDiscards):
            self.rooms.append(ask.free_bytes)
            return Discards(keys=tuple(self.keys[:2]))
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
