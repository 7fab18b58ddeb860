"""Two stores as one: where an object is found, and what goes on while the cold one is away."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from minio import Minio

from libs.storage import (
    ColdStoreUnavailable,
    ObjectMissing,
    ObjectStat,
    StoreUnavailable,
    StoreURLInvalid,
    TieredStore,
    open_store,
)
from libs.storage.directory import DirectoryStore
from libs.storage.tiered import AWAY_S
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.s3 import KEY, SECRET, S3Server

TYPE = "video/mp4"
_numbers = itertools.count()


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultProxy]:
    with fault_proxy(s3.port) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tiered(
    s3: S3Server, proxy: FaultProxy, clock: Clock, tmp_path: Path
) -> AsyncIterator[TieredStore]:
    """A directory before rclone's bucket, which is behind the proxy."""
    cold = open_store(s3.url(f"tiered-{next(_numbers)}", port=proxy.port))
    store = TieredStore(DirectoryStore(tmp_path / "hot"), cold, clock=clock)
    yield store
    await store.close()


async def test_objects_of_both_are_found_listed_once_and_deleted(tiered: TieredStore) -> None:
    await tiered.put("a/1", b"hot", content_type=TYPE)
    await tiered.cold.put("a/2", b"cold", content_type=TYPE)
    for store in (tiered.hot, tiered.cold):
        await store.put("a/3", b"both", content_type=TYPE)
    assert await tiered.get("a/2", offset=1, size=2) == b"ol"
    assert (await tiered.stat("a/2")).size_bytes == 4
    assert [item.key async for item in tiered.list("a/")] == ["a/1", "a/2", "a/3"]
    with pytest.raises(ObjectMissing):
        await tiered.cold.get("a/1")
    await tiered.delete(["a/1", "a/2", "a/3"])
    assert [item async for item in tiered.list("")] == []


async def test_object_that_is_brought_back_between_two_looks_is_found(
    tiered: TieredStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tiered.cold.put("a/1", b"data", content_type=TYPE)
    look = tiered.cold.stat

    async def stat_too_late(key: str) -> ObjectStat:
        await tiered.hot.put(key, b"data", content_type=TYPE)
        await tiered.cold.delete([key])
        return await look(key)

    monkeypatch.setattr(tiered.cold, "stat", stat_too_late)
    assert (await tiered.stat("a/1")).size_bytes == 4


async def test_cold_store_that_is_away_is_told_of_and_the_hot_one_goes_on(
    tiered: TieredStore, proxy: FaultProxy, clock: Clock
) -> None:
    await tiered.put("a/1", b"hot", content_type=TYPE)
    await tiered.cold.put("a/2", b"cold", content_type=TYPE)
    proxy.fault = Fault.REFUSED
    assert await tiered.get("a/1") == b"hot"
    with pytest.raises(ColdStoreUnavailable, match="cold store"):
        await tiered.get("a/2")
    felt = proxy.faults
    with pytest.raises(ColdStoreUnavailable, match="cold store"):
        await tiered.delete(["a/1", "a/2"])
    assert proxy.faults == felt, "nobody waits for it so soon again"
    with pytest.raises(ObjectMissing):
        await tiered.hot.get("a/1")
    proxy.fault = Fault.NONE
    clock.now_s += AWAY_S
    assert await tiered.get("a/2") == b"cold"


async def test_cold_directory_that_is_not_mounted_is_away_and_not_empty(tmp_path: Path) -> None:
    folder = tmp_path / "mount" / "cold"
    store = open_store(f"file://{tmp_path / 'hot'}", f"file://{folder}")
    assert isinstance(store, TieredStore)
    for call in (store.get("a/1"), store.delete(["a/1"]), store.stat("a/1")):
        with pytest.raises(ColdStoreUnavailable, match="mount"):
            await call
    with pytest.raises(StoreUnavailable):
        await store.cold.put("a/1", b"x", content_type=TYPE)
    assert not folder.exists()


async def test_objects_get_the_storage_class_of_the_url(moto_s3: S3Server) -> None:
    bucket = f"classes-{next(_numbers)}"
    store = open_store(moto_s3.url(bucket) + "&storage_class=STANDARD_IA")
    await store.put("a/1", b"data", content_type=TYPE)
    assert await store.get("a/1") == b"data"
    await store.close()
    client = Minio(f"127.0.0.1:{moto_s3.port}", KEY, SECRET, secure=False, region="us-east-1")
    (found,) = client.list_objects(bucket, recursive=True)
    assert found.storage_class == "STANDARD_IA"


@pytest.mark.parametrize("cold_url", ["ftp://x", "s3://a:b@host/cold?storage_class=DEEP_ARCHIVE"])
def test_cold_url_that_cannot_do_names_its_setting(cold_url: str) -> None:
    with pytest.raises(StoreURLInvalid, match="WEIR_COLD_STORE_URL"):
        open_store("file:///tmp/hot", cold_url)
