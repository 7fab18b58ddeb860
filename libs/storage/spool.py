"""The durable upload queue: what was accepted is never lost, whatever happens to the store.

One folder per process. An entry goes away only after `on_stored` returned, so that a process
killed between the upload and the announcement announces again.

Order is kept: nothing is announced before what was accepted earlier. The one exception is an
entry that the store refuses again and again while it takes others: it is set aside, where it is
tried for ever, and the others go on without it. While the store refuses everything, nothing is
set aside: then it is the store that is ill.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import Gauge

from libs.errors import Unavailable, WeirError
from libs.storage.spool_folder import SpooledFile, SpoolEntry, SpoolFolder
from libs.storage.store import ObjectStore

log = structlog.get_logger()

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
UPLOADS_AT_ONCE = 16
"""To a store that takes 150 ms, about a hundred a second: the segments of two hundred streams."""
REFUSALS = 5
"""So often may the store refuse an entry while it takes others, before it is set aside."""

ENTRIES = Gauge("weir_spool_entries", "Objects accepted but not yet announced as stored.")
BYTES = Gauge("weir_spool_bytes", "Bytes accepted but not yet announced as stored.")
SET_ASIDE = Gauge("weir_spool_set_aside", "Objects that are refused while others are taken.")


class SpoolFull(Unavailable):
    code = "spool_full"


@dataclass(slots=True)
class _Waiting:
    number: int
    entry: SpoolEntry
    size_bytes: int
    refusals: int = 0
    is_aside: bool = False


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
        self._folder = SpoolFolder(folder)
        self._store = store
        self._max_bytes = max_bytes
        self._on_stored = on_stored
        self._waiting: dict[int, _Waiting] = {}
        self._by_key: dict[str, int] = {}
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._size_bytes = 0
        self._reserved_bytes = 0
        self._is_refused = False
        self._wake = asyncio.Event()
        self._gone = asyncio.Event()
        """Set when an entry goes away, and then replaced."""
        for spooled in self._folder.load():
            self._add(spooled)
        self._next = max(self._waiting, default=0) + 1
        if self._waiting:
            log.info("spool.resumed", entries=len(self._waiting), bytes=self._size_bytes)

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
        writing = self._writing.get(entry.key)
        if writing is None:
            held = self._size_bytes + self._reserved_bytes
            if held + len(data) > self._max_bytes:
                raise SpoolFull(f"The spool holds {held} bytes; the store is behind.")
            self._reserved_bytes += len(data)
            number, self._next = self._next, self._next + 1
            writing = asyncio.create_task(self._write(number, entry, data), name="spool-write")
            self._writing[entry.key] = writing
            writing.add_done_callback(lambda task: self._written(entry.key, len(data), task))
        # A thread cannot be called back: when the caller is cancelled, the entry is still written
        # and has to be known.
        await asyncio.shield(writing)

    def read(self, key: str) -> bytes | None:
        """The bytes of an entry that still waits, or None."""
        number = self._by_key.get(key)
        if number is None:
            return None
        try:
            return self._folder.read(number)
        except FileNotFoundError:
            return None

    async def drained(self, prefix: str) -> None:
        """Return once no key under `prefix` waits any more: all is stored and announced."""
        while any(key.startswith(prefix) for key in self._by_key):
            await self._gone.wait()

    async def run(self) -> None:
        """Upload and announce until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._drain(is_aside=False))
            # On its own, so that no refusal ever holds up what the store takes.
            group.create_task(self._drain(is_aside=True))

    async def _drain(self, *, is_aside: bool) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            self._wake.clear()
            batch = self._batch(is_aside=is_aside)
            if not batch:
                await self._wake.wait()
            elif await self._work_off(batch):
                pause_s = FIRST_PAUSE_S
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _batch(self, *, is_aside: bool) -> list[_Waiting]:
        """What to try next: in order, or of those set aside the one that was tried least."""
        waiting = [item for item in self._waiting.values() if item.is_aside == is_aside]
        if is_aside:
            return sorted(waiting, key=lambda item: (item.refusals, item.number))[:1]
        return sorted(waiting, key=lambda item: item.number)[:UPLOADS_AT_ONCE]

    async def _work_off(self, batch: list[_Waiting]) -> bool:
        """Upload a batch at once, then announce it in order; whether anything got through."""
        uploads = await asyncio.gather(*(self._upload(item) for item in batch))
        # Alone in its batch, an entry shows nothing about the store.
        if any(uploads) or batch[0].is_aside:
            for item, is_stored in zip(batch, uploads, strict=True):
                self._judge(item, is_stored=is_stored)
        has_progressed = False
        for item, is_stored in zip(batch, uploads, strict=True):
            if not is_stored and item.is_aside:
                continue
            # What is stored behind a refused entry waits for it. It is put again with it, and
            # shows each time that the store is well.
            if not is_stored or not await self._announce(item):
                break
            has_progressed = True
        return has_progressed

    async def _upload(self, item: _Waiting) -> bool:
        try:
            data = await asyncio.to_thread(self._folder.read, item.number)
            await self._store.put(item.entry.key, data, content_type=item.entry.content_type)
        except (WeirError, OSError) as error:
            if not self._is_refused and not item.is_aside:
                self._is_refused = True
                log.warning("spool.refused", key=item.entry.key, reason=str(error))
            if not isinstance(error, WeirError) or not error.retry:
                self._set_aside(item, str(error))
            return False
        return True

    async def _announce(self, item: _Waiting) -> bool:
        try:
            await self._on_stored(item.entry)
        except Exception as error:
            if isinstance(error, WeirError) and error.retry:
                log.warning("spool.unannounced", key=item.entry.key, reason=str(error))
            else:
                # A fault of this one entry, or ours. The spool must outlive it.
                log.exception("spool.announcement_failed", key=item.entry.key)
                self._set_aside(item, str(error))
                item.refusals += 1
            return False
        try:
            await asyncio.to_thread(self._folder.remove, item.number)
        except OSError as error:
            # It will be stored and announced once more after a restart, which does no harm.
            log.warning("spool.unremoved", key=item.entry.key, reason=str(error))
        self._forget(item)
        if not item.is_aside and self._is_refused:
            self._is_refused = False
            log.info("spool.flows", entries=len(self._waiting), bytes=self._size_bytes)
        return True

    def _judge(self, item: _Waiting, *, is_stored: bool) -> None:
        """Count a refusal that was the entry's own, as the store took others."""
        if is_stored:
            return
        item.refusals += 1
        if item.refusals >= REFUSALS:
            self._set_aside(item, "the store takes others")

    def _set_aside(self, item: _Waiting, reason: str) -> None:
        if item.is_aside:
            return
        item.is_aside = True
        log.error("spool.set_aside", key=item.entry.key, reason=reason)
        self._count()
        self._wake.set()

    # --- accounts -------------------------------------------------------------------

    async def _write(self, number: int, entry: SpoolEntry, data: bytes) -> None:
        try:
            await asyncio.to_thread(self._folder.write, number, entry, data)
        except OSError as error:
            raise SpoolFull(f"The spool cannot be written: {error.strerror}.") from None
        self._add(SpooledFile(number, entry, len(data)))
        self._wake.set()

    def _written(self, key: str, size_bytes: int, task: asyncio.Task[None]) -> None:
        self._reserved_bytes -= size_bytes
        del self._writing[key]
        # Whoever still waits gets the error; asked for here, it is not missed when nobody does.
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("spool.unwritten", key=key, reason=str(error))

    def _add(self, spooled: SpooledFile) -> None:
        self._waiting[spooled.number] = _Waiting(spooled.number, spooled.entry, spooled.size_bytes)
        self._by_key[spooled.entry.key] = spooled.number
        self._size_bytes += spooled.size_bytes
        self._count()

    def _forget(self, item: _Waiting) -> None:
        self._waiting.pop(item.number)
        self._by_key.pop(item.entry.key)
        self._size_bytes -= item.size_bytes
        self._count()
        self._gone.set()
        self._gone = asyncio.Event()

    def _count(self) -> None:
        ENTRIES.set(len(self._waiting))
        BYTES.set(self._size_bytes)
        SET_ASIDE.set(sum(item.is_aside for item in self._waiting.values()))
