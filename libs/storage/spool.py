"""The durable upload queue: what was accepted is never lost, whatever happens to the store.

One folder per process. An entry is two files: `<number>.data` and `<number>.json`; the second is
written last and makes the first count. An entry goes away only after `on_stored` returned, so
that a process killed between the upload and the announcement announces again.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Gauge

from libs.errors import Unavailable, WeirError
from libs.storage.store import ObjectStore

log = structlog.get_logger()

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
UPLOADS_AT_ONCE = 4
GIVE_WAY_AFTER = 5
"""Refusals after which an entry waits behind the others (it is never dropped)."""

ENTRIES = Gauge("weir_spool_entries", "Objects accepted but not yet announced as stored.")
BYTES = Gauge("weir_spool_bytes", "Bytes accepted but not yet announced as stored.")


class SpoolFull(Unavailable):
    code = "spool_full"


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """One object on its way. `note` travels with it: JSON, for example the segment's row."""

    key: str
    content_type: str
    note: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Waiting:
    number: int
    entry: SpoolEntry
    size_bytes: int
    refusals: int = 0


class Spool:
    """Accepts in order, uploads a few at once, announces in order of acceptance."""

    def __init__(
        self,
        folder: Path,
        store: ObjectStore,
        *,
        max_bytes: int,
        on_stored: Callable[[SpoolEntry], Awaitable[None]],
    ) -> None:
        self._folder = folder
        self._store = store
        self._max_bytes = max_bytes
        self._on_stored = on_stored
        self._waiting: dict[int, _Waiting] = {}
        self._by_key: dict[str, int] = {}
        self._size_bytes = 0
        self._wake = asyncio.Event()
        self._load()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    async def accept(self, entry: SpoolEntry, data: bytes) -> None:
        """Take `data` over; on disk (fsync) when it returns.

        Raises `SpoolFull` past `max_bytes`, or when the disk takes no more. The same key again,
        while it is waiting, is one entry.
        """
        if entry.key in self._by_key:
            return
        if self._size_bytes + len(data) > self._max_bytes:
            raise SpoolFull(f"The spool holds {self._size_bytes} bytes; the store is behind.")
        number = self._next
        self._next += 1
        self._by_key[entry.key] = number
        try:
            await asyncio.to_thread(self._write, number, entry, data)
        except OSError as error:
            del self._by_key[entry.key]
            raise SpoolFull(f"The spool cannot be written: {error.strerror}.") from None
        self._add(_Waiting(number, entry, len(data)))
        self._wake.set()

    def read(self, key: str) -> bytes | None:
        """The bytes of an entry that still waits, or None."""
        number = self._by_key.get(key)
        if number is None:
            return None
        try:
            return self._path(number, "data").read_bytes()
        except FileNotFoundError:
            return None

    async def run(self) -> None:
        """Upload and announce until cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            batch = sorted(
                self._waiting.values(),
                key=lambda item: (item.refusals >= GIVE_WAY_AFTER, item.number),
            )[:UPLOADS_AT_ONCE]
            if not batch:
                self._wake.clear()
                await self._wake.wait()
                continue
            if await self._work_off(batch):
                pause_s = FIRST_PAUSE_S
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _work_off(self, batch: list[_Waiting]) -> bool:
        """Upload a batch at once, then announce it in order; whether anything got through."""
        uploads = await asyncio.gather(*(self._upload(item) for item in batch))
        progressed = False
        for item, is_stored in zip(batch, uploads, strict=True):
            if not is_stored:
                item.refusals += 1
                continue
            try:
                await self._on_stored(item.entry)
            except WeirError as error:
                log.warning("spool.unannounced", key=item.entry.key, reason=str(error))
                return progressed
            await asyncio.to_thread(self._remove, item.number)
            self._forget(item)
            progressed = True
        return progressed

    async def _upload(self, item: _Waiting) -> bool:
        path = self._path(item.number, "data")
        try:
            data = await asyncio.to_thread(path.read_bytes)
            await self._store.put(item.entry.key, data, content_type=item.entry.content_type)
        except WeirError as error:
            if item.refusals == 0:
                log.warning("spool.refused", key=item.entry.key, reason=str(error))
            return False
        return True

    # --- files ----------------------------------------------------------------------

    def _load(self) -> None:
        """Take up what an earlier process left; halves of an entry are swept away."""
        self._folder.mkdir(parents=True, exist_ok=True)
        notes = {int(path.stem): path for path in self._folder.glob("*.json")}
        for path in self._folder.glob("*.data"):
            if int(path.stem) not in notes:
                path.unlink()
        for number, path in sorted(notes.items()):
            data = self._path(number, "data")
            if data.exists():
                entry = SpoolEntry(**json.loads(path.read_text()))
                self._add(_Waiting(number, entry, data.stat().st_size))
            else:
                path.unlink()
        self._next = max(notes, default=0) + 1
        if self._waiting:
            log.info("spool.resumed", entries=len(self._waiting), bytes=self._size_bytes)

    def _write(self, number: int, entry: SpoolEntry, data: bytes) -> None:
        self._write_file(self._path(number, "data"), data)
        self._write_file(self._path(number, "json"), json.dumps(asdict(entry)).encode())
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write_file(self, path: Path, data: bytes) -> None:
        draft = path.with_suffix(path.suffix + ".draft")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)

    def _remove(self, number: int) -> None:
        # The note first: data without a note is swept at the next start.
        self._path(number, "json").unlink(missing_ok=True)
        self._path(number, "data").unlink(missing_ok=True)

    def _path(self, number: int, suffix: str) -> Path:
        return self._folder / f"{number:010d}.{suffix}"

    # --- accounts -------------------------------------------------------------------

    def _add(self, item: _Waiting) -> None:
        self._waiting[item.number] = item
        self._by_key[item.entry.key] = item.number
        self._size_bytes += item.size_bytes
        self._count()

    def _forget(self, item: _Waiting) -> None:
        self._waiting.pop(item.number, None)
        self._by_key.pop(item.entry.key, None)
        self._size_bytes -= item.size_bytes
        self._count()

    def _count(self) -> None:
        ENTRIES.set(len(self._waiting))
        BYTES.set(self._size_bytes)
