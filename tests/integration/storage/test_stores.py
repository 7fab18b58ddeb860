"""One suite for every object store: a directory, and a real S3 server over HTTP with real keys."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from libs.launcher.nats_server import free_port
from libs.storage import (
    KeyInvalid,
    ObjectMissing,
    ObjectStore,
    Spool,
    SpoolEntry,
    SpoolFull,
    StoreUnavailable,
    StoreURLInvalid,
    open_store,
)

pytestmark = pytest.mark.integration

KEY, SECRET = "WEIRKEY", "weir-secret-key"


@pytest.fixture(scope="module")
def s3_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Rclone's S3 server: SigV4, plain files on disk."""
    port = free_port()
    rclone = Path(sys.executable).parent / "rclone"
    folder = tmp_path_factory.mktemp("s3")
    process = subprocess.Popen(
        [rclone, "serve", "s3", "--auth-key", f"{KEY},{SECRET}", "--addr", f"127.0.0.1:{port}",
         str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 15
    while True:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/")
            break
        except httpx2.HTTPError:
            assert time.monotonic() < deadline, "rclone does not answer"
            time.sleep(0.1)
    yield port
    process.terminate()
    process.wait()


@pytest.fixture(params=["directory", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    if request.param == "directory":
        opened = open_store(f"file://{tmp_path / 'store'}")
    else:
        port = request.getfixturevalue("s3_port")
        opened = open_store(f"s3://{KEY}:{SECRET}@127.0.0.1:{port}/weir?secure=false")
    yield opened
    await opened.close()


async def test_what_is_put_is_got_whole_and_in_ranges(store: ObjectStore) -> None:
    data = bytes(range(256)) * 40
    await store.put("a/b/1.m4s", data, content_type="video/mp4")
    await store.put("a/b/1.m4s", data, content_type="video/mp4")
    assert await store.get("a/b/1.m4s") == data
    assert await store.get("a/b/1.m4s", offset=300, size=20) == data[300:320]
    assert await store.get("a/b/1.m4s", offset=10_000) == data[10_000:]
    assert (await store.stat("a/b/1.m4s")).size_bytes == len(data)


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


async def test_a_wrong_secret_is_refused(s3_port: int) -> None:
    opened = open_store(f"s3://{KEY}:wrong@127.0.0.1:{s3_port}/weir?secure=false")
    with pytest.raises(StoreUnavailable):
        await opened.put("x", b"x", content_type="text/plain")
    await opened.close()


@pytest.mark.parametrize("url", ["", "ftp://x/y", "s3://host/bucket", "s3://a:b@host/", "file://"])
def test_a_url_that_names_no_store_says_how_one_looks(url: str) -> None:
    with pytest.raises(StoreURLInvalid, match="WEIR_STORE_URL"):
        open_store(url)


class TestSpool:
    async def test_entries_are_stored_announced_and_gone(self, tmp_path: Path) -> None:
        store = open_store(f"file://{tmp_path / 'store'}")
        told: list[str] = []
        spool = _spool(tmp_path, store, told)
        for number in range(5):
            await spool.accept(_entry(number), bytes(1000))
        await _run_until_empty(spool)
        assert told == [f"k/{number}" for number in range(5)]
        assert list((tmp_path / "spool").iterdir()) == []

    async def test_what_a_killed_process_left_is_taken_up(self, tmp_path: Path) -> None:
        store = open_store(f"file://{tmp_path / 'store'}")
        first = _spool(tmp_path, store, [])
        await first.accept(_entry(1), b"one")
        (tmp_path / "spool" / "0000000009.data").write_bytes(b"half of an entry")
        told: list[str] = []
        second = _spool(tmp_path, store, told)
        assert second.read("k/1") == b"one"
        await _run_until_empty(second)
        assert told == ["k/1"]
        assert await store.get("k/1") == b"one"

    async def test_a_dead_store_loses_nothing(self, tmp_path: Path) -> None:
        dead = open_store(f"s3://{KEY}:{SECRET}@127.0.0.1:{free_port()}/weir?secure=false")
        told: list[str] = []
        spool = _spool(tmp_path, dead, told)
        await spool.accept(_entry(1), b"one")
        task = asyncio.create_task(spool.run())
        await asyncio.sleep(1)
        task.cancel()
        assert len(spool) == 1
        assert told == []
        alive = _spool(tmp_path, open_store(f"file://{tmp_path / 'store'}"), told)
        await _run_until_empty(alive)
        assert told == ["k/1"]
        await dead.close()

    async def test_a_full_spool_says_so(self, tmp_path: Path) -> None:
        spool = _spool(tmp_path, open_store(f"file://{tmp_path / 'store'}"), [])
        with pytest.raises(SpoolFull):
            await spool.accept(_entry(1), bytes(2_000_000))


def _entry(number: int) -> SpoolEntry:
    return SpoolEntry(f"k/{number}", "video/mp4", {"number": number})


def _spool(folder: Path, store: ObjectStore, told: list[str]) -> Spool:
    async def on_stored(entry: SpoolEntry) -> None:
        told.append(entry.key)

    return Spool(folder / "spool", store, max_bytes=1_000_000, on_stored=on_stored)


async def _run_until_empty(spool: Spool) -> None:
    task = asyncio.create_task(spool.run())
    async with asyncio.timeout(10):
        while len(spool):
            await asyncio.sleep(0.01)
    task.cancel()
