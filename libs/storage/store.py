"""The one interface of the object store, and what can go wrong at its door."""

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Protocol

from libs.errors import Invalid, NotFound, Unavailable

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*", re.ASCII)
_MAX_KEY = 900


class ObjectMissing(NotFound):
    code = "object_missing"


class KeyInvalid(Invalid):
    code = "object_key_invalid"


class StoreURLInvalid(Invalid):
    code = "store_url_invalid"


class StoreUnavailable(Unavailable):
    """The store does not answer, refuses us, or is full; trying again may help."""

    code = "store_unavailable"


@dataclass(frozen=True, slots=True)
class ObjectStat:
    key: str
    size_bytes: int


def check_key(key: str) -> str:
    """Return `key` if it is plain path segments without dot-dot, else raise `KeyInvalid`."""
    if len(key) > _MAX_KEY or not _KEY.fullmatch(key) or ".." in key:
        raise KeyInvalid(f"{key[:80]!r} cannot be an object key.")
    return key


class ObjectStore(Protocol):
    """Keys to bytes. Keys are immutable names: the same key always carries the same bytes."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store `data`; durable when it returns. The same key again is fine."""

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        """The object, or `size` bytes of it from `offset`. Raises `ObjectMissing`."""

    async def stat(self, key: str) -> ObjectStat:
        """Raises `ObjectMissing`."""

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete what is there of `keys`."""

    def list(self, prefix: str) -> AsyncIterator[ObjectStat]:
        """Every object whose key starts with `prefix`, ordered by key."""

    async def close(self) -> None: ...
