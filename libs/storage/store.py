"""The one interface of the object store, and what can go wrong at its door.

    NotFound
    └── ObjectMissing       nothing is stored under the key
    Invalid
    ├── KeyInvalid          the key is no plain path
    └── StoreURLInvalid     the URL names no store
    Unavailable
    └── StoreUnavailable    no answer, or a refusal that may pass
        ├── StoreFull       no space left, or past a quota
        └── ColdStoreUnavailable    of two stores, the one for what is old

Every store raises these and nothing of its vendor's.
"""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from libs.errors import Invalid, NotFound, Unavailable

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9._/-]*", re.ASCII)
_MAX_KEY = 900
_MAX_NAME = 255
"""Between two slashes: what common file systems take (POSIX NAME_MAX)."""


class ObjectMissing(NotFound):
    code = "object_missing"


class KeyInvalid(Invalid):
    code = "object_key_invalid"


class StoreURLInvalid(Invalid):
    code = "store_url_invalid"


class StoreUnavailable(Unavailable):
    """The store does not answer, or refuses us; trying again may help."""

    code = "store_unavailable"


class StoreFull(StoreUnavailable):
    """There is no space left; trying again helps once somebody made room."""

    code = "store_full"


class ColdStoreUnavailable(StoreUnavailable):
    """What is not in the hot store may lie in the cold one, which does not answer."""

    code = "cold_store_unavailable"


@dataclass(frozen=True, slots=True)
class ObjectStat:
    key: str
    size_bytes: int


def check_key(key: str) -> str:
    """Return `key` if it is plain path segments without dot-dot, else raise `KeyInvalid`."""
    is_long = len(key) > _MAX_KEY or any(len(name) > _MAX_NAME for name in key.split("/"))
    if is_long or not _KEY.fullmatch(key) or ".." in key:
        raise KeyInvalid(f"{key[:80]!r} cannot be an object key.")
    return key


def check_prefix(prefix: str) -> str:
    """Return `prefix` if some key could start with it, else raise `KeyInvalid`."""
    if not _PREFIX.fullmatch(prefix) or ".." in prefix or prefix.startswith(("/", ".")):
        raise KeyInvalid(f"{prefix[:80]!r} cannot start an object key.")
    return prefix


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part of a multipart upload that the store has."""

    number: int
    """From 1."""
    size_bytes: int
    etag: str


class ObjectStore(Protocol):
    """Keys to bytes. Keys are immutable names: the same key always carries the same bytes.

    Every method may raise `KeyInvalid` and `StoreUnavailable`.
    """

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store `data`; whole and durable when it returns. The same key again is fine.

        Raises `StoreFull`.
        """

    async def put_file(self, key: str, path: Path, *, content_type: str) -> None:
        """The same with a file's bytes, however many: they are never in memory as a whole.

        Raises `StoreFull`, and `OSError` if the file cannot be read.
        """

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        """The object, or `size` bytes of it from `offset`: fewer, or none, past its end.

        Raises `ObjectMissing`.
        """

    async def stat(self, key: str) -> ObjectStat:
        """Raises `ObjectMissing`."""

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete what is there of `keys`."""

    def list(self, prefix: str) -> AsyncIterator[ObjectStat]:
        """Every object whose key starts with `prefix`, ordered by key."""

    async def free_bytes(self) -> int | None:
        """What more fits; None if it cannot tell, or there is no end to it."""

    async def close(self) -> None:
        """Let go of threads and connections; nothing else may be called afterwards."""


class DirectStore(Protocol):
    """A store that clients can put parts of an object into themselves (S3, multipart upload).

    Every method may raise `StoreUnavailable`.
    """

    async def begin_parts(self, key: str, *, content_type: str) -> str:
        """The store's name of the upload. What is begun takes room until it is completed or ended.

        Raises `StoreFull`.
        """

    def part_url(self, key: str, upload: str, number: int, *, expires_s: float) -> str:
        """Where a client may put a part, with nothing but this URL."""

    async def list_parts(self, key: str, upload: str) -> Sequence[StoredPart]:
        """In order. Raises `ObjectMissing` if there is no such upload."""

    async def complete_parts(self, key: str, upload: str, parts: Iterable[StoredPart]) -> None:
        """Make one object of them. Raises `ObjectMissing` if there is no such upload."""

    async def end_parts(self, key: str, upload: str) -> None:
        """Let go of an upload; one that is over, or never was, is fine."""
