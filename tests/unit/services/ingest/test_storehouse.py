"""The storehouse with a real file and its real thread."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ingest.replay import Batch, ReplayWindow
from services.ingest.spill import SLOT_BYTES, SpillFile
from services.ingest.storehouse import Storehouse
from tests.waiting import until

WIRE = SLOT_BYTES // 4


def stock(folder: Path, *, memory_slots: int, disk_slots: int) -> Storehouse:
    spill = SpillFile(folder, max_bytes=disk_slots * SLOT_BYTES)
    return Storehouse(spill, max_memory_bytes=memory_slots * SLOT_BYTES)


@pytest.fixture
def storehouse(tmp_path: Path) -> Iterator[Storehouse]:
    made = stock(tmp_path, memory_slots=2, disk_slots=100)
    yield made
    made.close()


def fill(replay: ReplayWindow, tags: int) -> None:
    for _ in range(tags):
        number = replay.next_tag
        replay.append(number.to_bytes(4, "big") * (WIRE // 4), number)


async def fill_slowly(replay: ReplayWindow, tags: int, storehouse: Storehouse) -> None:
    """At a pace that the disk can follow."""
    for _ in range(tags):
        fill(replay, 1)
        await until(lambda: storehouse.memory_bytes <= 2 * SLOT_BYTES)


async def numbers(replay: ReplayWindow, first: int) -> list[int]:
    found: list[int] = []
    while first < replay.next_tag:
        batch = replay.batch(first)
        if not isinstance(batch, Batch):
            loaded = await replay.load(batch, first)
            assert loaded is not None
            batch = loaded
        wire = batch.wire
        found += [int.from_bytes(wire[at : at + 4], "big") for at in range(0, len(wire), WIRE)]
        first = batch.next_tag
    return found


async def test_old_blocks_go_to_disk_and_come_back(storehouse: Storehouse) -> None:
    replay = ReplayWindow(storehouse, keep_ms=120_000, max_bytes=1 << 30)
    await fill_slowly(replay, 41, storehouse)
    assert storehouse.disk_bytes == 8 * SLOT_BYTES
    for first in (0, 1, 5, 30, 40):
        assert await numbers(replay, first) == list(range(first, 41))


async def test_memory_is_shared_and_the_oldest_go_first(storehouse: Storehouse) -> None:
    idle = ReplayWindow(storehouse, keep_ms=120_000, max_bytes=1 << 30)
    busy = ReplayWindow(storehouse, keep_ms=120_000, max_bytes=1 << 30)
    fill(idle, 9)
    fill(busy, 9)
    await until(lambda: storehouse.memory_bytes <= 2 * SLOT_BYTES)
    assert not isinstance(idle.batch(0), Batch)
    assert isinstance(busy.batch(0), Batch)


async def test_dropped_blocks_give_their_room_back(storehouse: Storehouse) -> None:
    replay = ReplayWindow(storehouse, keep_ms=120_000, max_bytes=1 << 30)
    await fill_slowly(replay, 41, storehouse)
    block = replay.batch(0)
    assert not isinstance(block, Batch)
    replay.clear()
    await until(lambda: storehouse.disk_bytes == 0)
    assert storehouse.memory_bytes == 0
    assert await storehouse.load(block) in (None, block.data)


async def test_block_that_is_dropped_while_it_is_read_is_gone(storehouse: Storehouse) -> None:
    replay = ReplayWindow(storehouse, keep_ms=120_000, max_bytes=1 << 30)
    await fill_slowly(replay, 41, storehouse)
    block = replay.batch(0)
    assert not isinstance(block, Batch)
    reading = asyncio.create_task(replay.load(block, 0))
    await asyncio.sleep(0)
    replay.clear()
    assert await reading is None


async def test_full_disk_keeps_blocks_in_memory_and_then_bounds_the_windows(
    tmp_path: Path,
) -> None:
    storehouse = stock(tmp_path, memory_slots=2, disk_slots=1)
    replay = ReplayWindow(storehouse, keep_ms=120_000, max_bytes=1 << 30)
    for _ in range(100):
        fill(replay, 4)
        await asyncio.sleep(0)
    assert storehouse.memory_bytes <= 6 * SLOT_BYTES
    assert replay.lost_tags == replay.oldest_tag > 0
    assert await numbers(replay, replay.oldest_tag) == list(range(replay.oldest_tag, 400))
    storehouse.close()


async def test_failing_disk_loses_nothing_that_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storehouse = stock(tmp_path, memory_slots=3, disk_slots=100)
    failures: list[bytes] = []

    def fail(_: SpillFile, __: list[int], data: bytes) -> None:
        failures.append(data)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SpillFile, "write", fail)
    replay = ReplayWindow(storehouse, keep_ms=120_000, max_bytes=1 << 30)
    fill(replay, 17)
    await until(lambda: bool(failures) and storehouse.disk_bytes == 0)
    assert await numbers(replay, 0) == list(range(17))
    monkeypatch.undo()
    fill(replay, 4)
    await until(lambda: storehouse.memory_bytes <= 3 * SLOT_BYTES)
    assert await numbers(replay, 0) == list(range(21))
    storehouse.close()
