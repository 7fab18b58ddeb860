"""The object store of embedded mode: files below a directory."""

import asyncio
import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from libs.storage.store import (
    ObjectMissing,
    ObjectStat,
    StoreFull,
    StoreUnavailable,
    check_key,
    check_prefix,
)

STALE_DRAFT_S = 3600.0
"""A draft this old was left by a process that was killed; no put takes as long."""

COPY_BYTES = 1 << 20

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class DirectoryStore:
    """Objects are files; a put is a temporary file, fsync, rename and fsync of the folder.

    Several processes may share a directory. The content type is not kept: whoever serves the
    objects knows it from their names. With `makes_root` off, a root that is not there is a store
    that is away: a disk that is not mounted must not be taken for an empty one.
    """

    def __init__(self, root: Path, *, makes_root: bool = True) -> None:
        self._root = root
        self._makes_root = makes_root
        self._drafts = root / ".drafts"
        self._is_swept = False

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:  # noqa: ARG002
        await asyncio.to_thread(self._put, check_key(key), data)

    async def put_file(self, key: str, path: Path, *, content_type: str) -> None:  # noqa: ARG002
        with await asyncio.to_thread(path.open, "rb") as source:
            await asyncio.to_thread(self._put, check_key(key), source)

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        return await asyncio.to_thread(self._get, check_key(key), offset, size)

    async def stat(self, key: str) -> ObjectStat:
        return await asyncio.to_thread(self._stat, check_key(key))

    async def delete(self, keys: Iterable[str]) -> None:
        await asyncio.to_thread(self._delete, [check_key(key) for key in keys])

    async def list(self, prefix: str) -> AsyncIterator[ObjectStat]:
        for found in await asyncio.to_thread(self._found, check_prefix(prefix)):
            yield found

    async def free_bytes(self) -> int | None:
        return await asyncio.to_thread(self._free_bytes)

    async def close(self) -> None:
        """Nothing is held open."""

    def _put(self, key: str, data: bytes | BinaryIO) -> None:
        self._check_root()
        path = self._root / key
        try:
            _make_folder(self._drafts)
            self._sweep_drafts()
            _make_folder(path.parent)
            descriptor, draft = tempfile.mkstemp(dir=self._drafts)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    if isinstance(data, bytes):
                        file.write(data)
                    else:
                        shutil.copyfileobj(data, file, COPY_BYTES)
                    file.flush()
                    os.fsync(file.fileno())
                Path(draft).rename(path)
            finally:
                Path(draft).unlink(missing_ok=True)
            _sync_folder(path.parent)
        except OSError as error:
            kind = StoreFull if error.errno in _FULL else StoreUnavailable
            raise kind(f"{path} cannot be written: {error.strerror}.") from None

    def _get(self, key: str, offset: int, size: int | None) -> bytes:
        self._check_root()
        try:
            with (self._root / key).open("rb") as file:
                file.seek(offset)
                return file.read(-1 if size is None else size)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectMissing(f"There is no object {key!r}.") from None
        except OSError as error:
            raise StoreUnavailable(f"{key!r} cannot be read: {error.strerror}.") from None

    def _stat(self, key: str) -> ObjectStat:
        self._check_root()
        path = self._root / key
        try:
            if not path.is_file():
                raise ObjectMissing(f"There is no object {key!r}.")
            return ObjectStat(key, path.stat().st_size)
        except FileNotFoundError:
            raise ObjectMissing(f"There is no object {key!r}.") from None
        except OSError as error:
            raise StoreUnavailable(f"{key!r} cannot be read: {error.strerror}.") from None

    def _delete(self, keys: Iterable[str]) -> None:
        self._check_root()
        for key in keys:
            path = self._root / key
            try:
                if not path.is_dir():
                    path.unlink(missing_ok=True)
            except NotADirectoryError:
                continue
            except OSError as error:
                raise StoreUnavailable(f"{key!r} is not deleted: {error.strerror}.") from None

    def _free_bytes(self) -> int:
        """Of the disk, for who may not use what is reserved for root."""
        folder = self._root
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def _found(self, prefix: str) -> Sequence[ObjectStat]:
        self._check_root()
        folder = self._root / prefix.rpartition("/")[0]
        found = []
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name != self._drafts.name]
            for name in names:
                path = Path(parent, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    # It may be deleted while we walk.
                    with contextlib.suppress(FileNotFoundError):
                        found.append(ObjectStat(key, path.stat().st_size))
        return sorted(found, key=lambda item: item.key)

    def _check_root(self) -> None:
        if not (self._makes_root or self._root.is_dir()):
            raise StoreUnavailable(f"{self._root} is not there: mount it, or make the folder.")

    def _sweep_drafts(self) -> None:
        """Once: remove what killed processes left half written."""
        if self._is_swept:
            return
        self._is_swept = True
        oldest = time.time() - STALE_DRAFT_S
        for draft in self._drafts.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if draft.stat().st_mtime < oldest:
                    draft.unlink()


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents durably: a file is as lost as the folder that holds it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable (POSIX leaves it to an fsync of the folder)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
