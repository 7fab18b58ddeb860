"""The edge's memory is bounded."""

from services.gateway.playback.cache import ENTRY_OVERHEAD_BYTES, Cache
from services.gateway.playback.reply import Immutable


def item(size: int) -> Immutable:
    return Immutable("name", bytes(size), b"video/mp4")


def test_least_recently_used_goes_first() -> None:
    cache = Cache(10 * (1000 + ENTRY_OVERHEAD_BYTES))
    for number in range(10):
        cache.put(str(number), item(1000))
    assert cache.get("0") is not None
    cache.put("10", item(1000))
    assert cache.get("1") is None
    assert cache.get("0") is not None
    assert cache.size_bytes <= 10 * (1000 + ENTRY_OVERHEAD_BYTES)


def test_same_name_is_counted_once() -> None:
    cache = Cache(100_000)
    for _ in range(100):
        cache.put("a", item(1000))
    assert cache.size_bytes == 1000 + ENTRY_OVERHEAD_BYTES


def test_giant_is_not_kept() -> None:
    cache = Cache(100_000)
    cache.put("small", item(10))
    cache.put("giant", item(90_000))
    assert cache.get("giant") is None
    assert cache.get("small") is not None


def test_tiny_entries_are_bounded_too() -> None:
    cache = Cache(100_000)
    for number in range(10_000):
        cache.put(str(number), item(0))
    assert cache.size_bytes <= 100_000
