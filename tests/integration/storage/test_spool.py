"""The spool before real stores that misbehave: nothing that was accepted is lost, order is kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from libs.storage import ObjectStore, Spool, SpoolEntry, SpoolFull, open_store
from libs.storage.s3 import S3Store
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.integration.storage.conftest import Bucket
from tests.ports import free_port
from tests.s3 import KEY, SECRET, S3Server
from tests.small_disk import SIZE_BYTES, SmallDisk
from tests.waiting import until

OBJECT_BYTES = 150_000
SILENCE_S = 0.5
"""A store that says nothing for so long is away, here."""


def entry(number: int) -> SpoolEntry:
    return SpoolEntry(f"k/{number}", "video/mp4", {"number": number})


def data_of(number: int) -> bytes:
    return number.to_bytes(2) * (OBJECT_BYTES // 2)


class Told:
    """What the spool announced, in order."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def __call__(self, entry: SpoolEntry) -> None:
        self.keys.append(entry.key)


def make_spool(
    folder: Path, store: ObjectStore, told: Callable[[SpoolEntry], Awaitable[None]]
) -> Spool:
    return Spool(folder, store, max_bytes=100 * OBJECT_BYTES, on_stored=told)


@asynccontextmanager
async def running(spool: Spool) -> AsyncIterator[Spool]:
    task = asyncio.create_task(spool.run())
    try:
        yield spool
    finally:
        task.cancel()
        await asyncio.wait({task})


async def accept(spool: Spool, *numbers: int) -> None:
    for number in numbers:
        await spool.accept(entry(number), data_of(number))


async def assert_stored(url: str, numbers: range, told: Told) -> None:
    assert told.keys == [f"k/{number}" for number in numbers]
    store = open_store(url)
    for number in numbers:
        assert await store.get(f"k/{number}") == data_of(number)
    await store.close()


async def test_entries_are_stored_announced_and_gone(
    bucket: Bucket, store: ObjectStore, tmp_path: Path
) -> None:
    told = Told()
    async with running(make_spool(tmp_path / "spool", store, told)) as spool:
        await accept(spool, *range(6))
        await until(lambda: not len(spool))
    await assert_stored(bucket.url, range(6), told)
    assert list((tmp_path / "spool").iterdir()) == []


async def test_what_a_killed_process_left_is_taken_up(
    bucket: Bucket, store: ObjectStore, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    await accept(make_spool(folder, store, Told()), 0, 1)
    (folder / "0000000009.data").write_bytes(b"half of an entry")
    told = Told()
    spool = make_spool(folder, store, told)
    assert spool.read("k/1") == data_of(1)
    async with running(spool):
        await until(lambda: not len(spool))
    await assert_stored(bucket.url, range(2), told)


async def test_a_full_spool_says_so(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path / 'store'}")
    spool = Spool(tmp_path / "spool", store, max_bytes=OBJECT_BYTES, on_stored=Told())
    await accept(spool, 0)
    with pytest.raises(SpoolFull):
        await accept(spool, 1)


# --- the store misbehaves ---------------------------------------------------------------------


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultProxy]:
    with fault_proxy(s3.port) as made:
        yield made


@pytest.fixture
async def far_store(proxy: FaultProxy, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """Rclone's, behind the proxy."""
    store = S3Store(
        f"127.0.0.1:{proxy.port}", bucket_of(tmp_path), access_key=KEY, secret_key=SECRET,
        is_secure=False, region="us-east-1", read_timeout_s=SILENCE_S + 1,
    )  # fmt: skip
    yield store
    await store.close()


def bucket_of(folder: Path) -> str:
    return folder.name.replace("_", "-").lower()[:60].strip("-")


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
async def test_store_that_misbehaves_costs_nothing(
    s3: S3Server, proxy: FaultProxy, far_store: ObjectStore, tmp_path: Path, fault: Fault
) -> None:
    told = Told()
    async with running(make_spool(tmp_path / "spool", far_store, told)) as spool:
        await accept(spool, *range(3))
        await until(lambda: not len(spool))
        proxy.fault = fault
        await accept(spool, *range(3, 9))
        await until(lambda: proxy.faults >= 6, what="six faults")
        if fault is not Fault.SLOW:
            assert len(told.keys) == 3, "nothing is announced that may not be stored"
        await accept(spool, *range(9, 12))
        proxy.fault = Fault.NONE
        await until(lambda: not len(spool))
    await assert_stored(s3.url(bucket_of(tmp_path)), range(12), told)


async def test_store_that_is_not_there_is_waited_for(s3: S3Server, tmp_path: Path) -> None:
    """Nobody listens; the process is killed meanwhile, and the next finds the store again."""
    folder, told = tmp_path / "spool", Told()
    dead = open_store(s3.url("weir", port=free_port()))
    async with running(make_spool(folder, dead, told)) as spool:
        await accept(spool, *range(3))
        await asyncio.sleep(SILENCE_S)
        assert (len(spool), told.keys) == (3, [])
    await dead.close()
    url = s3.url(bucket_of(tmp_path))
    alive = open_store(url)
    async with running(make_spool(folder, alive, told)) as spool:
        await until(lambda: not len(spool))
    await alive.close()
    await assert_stored(url, range(3), told)


async def test_store_that_is_emptied_takes_what_comes_later(
    bucket: Bucket, store: ObjectStore, tmp_path: Path
) -> None:
    """Somebody removes the bucket while the spool runs."""
    told = Told()
    async with running(make_spool(tmp_path / "spool", store, told)) as spool:
        await accept(spool, *range(3))
        await until(lambda: not len(spool))
        bucket.remove()
        told.keys.clear()
        await accept(spool, *range(3, 6))
        await until(lambda: not len(spool))
    await assert_stored(bucket.url, range(3, 6), told)


# --- the disk is full ---------------------------------------------------------------------------


async def test_disk_that_is_full_takes_nothing_and_loses_nothing(
    small_disk: SmallDisk, tmp_path: Path
) -> None:
    """The spool's own disk."""
    url, told = f"file://{tmp_path / 'store'}", Told()
    spool = make_spool(small_disk.folder / "spool", open_store(url), told)
    await accept(spool, 0, 1)
    small_disk.fill()
    for _ in range(3):
        with pytest.raises(SpoolFull):
            await accept(spool, 2)
    small_disk.free()
    await accept(spool, 2)
    async with running(spool):
        await until(lambda: not len(spool))
    await assert_stored(url, range(3), told)
    assert list((small_disk.folder / "spool").iterdir()) == []


async def test_store_on_a_full_disk_is_waited_for(small_disk: SmallDisk, tmp_path: Path) -> None:
    url, told = f"file://{small_disk.folder / 'store'}", Told()
    async with running(make_spool(tmp_path / "spool", open_store(url), told)) as spool:
        await accept(spool, *range(3))
        await until(lambda: not len(spool))
        small_disk.fill()
        await accept(spool, *range(3, 9))
        await asyncio.sleep(SILENCE_S)
        assert (len(spool), len(told.keys)) == (6, 3)
        small_disk.free()
        await until(lambda: not len(spool))
    assert SIZE_BYTES > 9 * OBJECT_BYTES
    await assert_stored(url, range(9), told)
