"""The object store of embedded mode: files below a directory."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

from libs.storage.store import ObjectMissing, ObjectStat, StoreUnavailable, check_key


class DirectoryStore:
    """Objects are files; a put is a temporary file, fsync, rename and fsync of the folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drafts = root / ".drafts"

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:  # noqa: ARG002
        await asyncio.to_thread(self._put, check_key(key), data)

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        return await asyncio.to_thread(self._get, check_key(key), offset, size)

    async def stat(self, key: str) -> ObjectStat:
        return await asyncio.to_thread(self._stat, check_key(key))

    async def delete(self, keys: Iterable[str]) -> None:
        await asyncio.to_thread(self._delete, [check_key(key) for key in keys])

    async def list(self, prefix: str) -> AsyncIterator[ObjectStat]:
        for found in await asyncio.to_thread(self._found, prefix):
            yield found

    async def close(self) -> None:
        """Nothing is held open."""

    def _put(self, key: str, data: bytes) -> None:
        path = self._root / key
        try:
            self._drafts.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=self._drafts)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(draft).rename(path)
            finally:
                Path(draft).unlink(missing_ok=True)
            _sync_folder(path.parent)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be written: {error.strerror}.") from None

    def _get(self, key: str, offset: int, size: int | None) -> bytes:
        try:
            with (self._root / key).open("rb") as file:
                file.seek(offset)
                return file.read(-1 if size is None else size)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectMissing(f"There is no object {key!r}.") from None
        except OSError as error:
            raise StoreUnavailable(f"{key!r} cannot be read: {error.strerror}.") from None

    def _stat(self, key: str) -> ObjectStat:
        path = self._root / key
        if not path.is_file():
            raise ObjectMissing(f"There is no object {key!r}.")
        return ObjectStat(key, path.stat().st_size)

    def _delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            (self._root / key).unlink(missing_ok=True)

    def _found(self, prefix: str) -> Sequence[ObjectStat]:
        folder = self._root / prefix.rpartition("/")[0]
        found = []
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name != self._drafts.name]
            for name in names:
                path = Path(parent, name)
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix):
                    found.append(ObjectStat(key, path.stat().st_size))
        return sorted(found, key=lambda item: item.key)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable (POSIX leaves it to an fsync of the folder)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
