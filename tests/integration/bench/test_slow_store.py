"""The store of the bench is slow, dies and comes back, and remembers what it took."""

import asyncio
import time

import pytest

from bench.servers.store import DELAY_MS, SlowStore
from libs.storage import ObjectStore, StoreUnavailable, open_store

pytestmark = pytest.mark.integration


async def test_store_is_slow_dies_and_comes_back() -> None:
    with SlowStore(put_delay_ms=100) as server:
        store = open_store(server.store_url)
        began = time.time()
        await store.put("a/1", b"one", content_type="text/plain")
        assert time.time() - began >= 0.1
        assert await store.get("a/1") == b"one"
        assert time.time() - began >= 0.1 + DELAY_MS / 1000
        assert server.gets("a/1") == 1
        first = server.puts()
        assert first.keys() == {"a/1"}
        assert began <= first["a/1"] <= time.time()

        server.die(2.0)
        with pytest.raises(StoreUnavailable):
            await store.put("a/2", b"two", content_type="text/plain")
        async with asyncio.timeout(30):
            while not await _is_taken(store, "a/2"):
                await asyncio.sleep(0.05)
        puts = server.puts()
        assert puts.keys() == {"a/1", "a/2"}
        assert puts["a/2"] > puts["a/1"]
        await store.close()


async def _is_taken(store: ObjectStore, key: str) -> bool:
    try:
        await store.put(key, b"two", content_type="text/plain")
    except StoreUnavailable:
        return False
    return True
