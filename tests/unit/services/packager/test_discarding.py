"""What is due is deleted from the store, and then forgotten."""

from pathlib import Path
from typing import Any

import pytest

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
