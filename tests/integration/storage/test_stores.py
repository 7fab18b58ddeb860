"""One suite for every object store: a directory, and real S3 servers over HTTP."""

import random
from pathlib import Path

import pytest

from libs.storage import (
    KeyInvalid,
    ObjectMissing,
    ObjectStore,
    StoreUnavailable,
    StoreURLInvalid,
    open_store,
)
from tests.integration.storage.conftest import Bucket
from tests.s3 import S3Server


async def test_what_is_put_is_got_whole_and_in_ranges(store: ObjectStore) -> None:
    data = bytes(range(256)) * 40
    await store.put("a/b/1.m4s", data, content_type="video/mp4")
    await store.put("a/b/1.m4s", data, content_type="video/mp4")
    assert await store.get("a/b/1.m4s") == data
    assert await store.get("a/b/1.m4s", offset=300, size=20) == data[300:320]
    assert await store.get("a/b/1.m4s", offset=10_000) == data[10_000:]
    assert (await store.stat("a/b/1.m4s")).size_bytes == len(data)


async def test_file_is_put_without_being_read_as_a_whole(
    store: ObjectStore, tmp_path: Path
) -> None:
    file = tmp_path / "large"
    data = random.Random(1).randbytes(3_000_001)
    file.write_bytes(data)
    await store.put_file("f/large.mp4", file, content_type="video/mp4")
    assert await store.get("f/large.mp4") == data
    with pytest.raises(OSError, match="missing"):
        await store.put_file("f/x.mp4", tmp_path / "missing", content_type="video/mp4")
    assert [item.key async for item in store.list("f/")] == ["f/large.mp4"]


async def test_lists_by_prefix_and_deletes(store: ObjectStore) -> None:
    for name in ("list/x/1", "list/x/2", "list/y/1"):
        await store.put(name, b"x", content_type="text/plain")
    assert [item.key async for item in store.list("list/x/")] == ["list/x/1", "list/x/2"]
    await store.delete(["list/x/1", "list/x/none"])
    assert [item.key async for item in store.list("list/x/")] == ["list/x/2"]


async def test_a_missing_object_is_missing(store: ObjectStore) -> None:
    await store.put("there", b"x", content_type="text/plain")
    with pytest.raises(ObjectMissing):
        await store.get("not/there")
    with pytest.raises(ObjectMissing):
        await store.stat("not/there")


@pytest.mark.parametrize("key", ["../x", "/abs", "a/../b", "a//b", "", "a\0b", "x" * 1000])
async def test_keys_that_are_no_plain_path_are_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(KeyInvalid):
        await store.put(key, b"x", content_type="text/plain")


async def test_what_somebody_removed_altogether_is_missing_and_then_made_again(
    bucket: Bucket, store: ObjectStore
) -> None:
    """The bucket, while the store is in use."""
    await store.put("a/1", b"one", content_type="text/plain")
    bucket.remove()
    with pytest.raises(ObjectMissing):
        await store.get("a/1")
    assert [item async for item in store.list("a/")] == []
    await store.delete(["a/1"])
    try:
        await store.put("a/2", b"two", content_type="text/plain")
    except StoreUnavailable:
        # It finds out by this put; whoever puts tries again.
        await store.put("a/2", b"two", content_type="text/plain")
    assert await store.get("a/2") == b"two"


async def test_a_wrong_secret_is_refused(s3: S3Server) -> None:
    opened = open_store(s3.url("weir", secret="wrong"))
    with pytest.raises(StoreUnavailable):
        await opened.put("x", b"x", content_type="text/plain")
    await opened.close()


@pytest.mark.parametrize("url", ["", "ftp://x/y", "s3://host/bucket", "s3://a:b@host/", "file://"])
def test_a_url_that_names_no_store_says_how_one_looks(url: str) -> None:
    with pytest.raises(StoreURLInvalid, match="WEIR_STORE_URL"):
        open_store(url)
