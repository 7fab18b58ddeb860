"""One session's segments on their way into the spool, behind the cutting and never in its way.

In order: each segment is spooled (fsync), then the checkpoint behind it is acknowledged at
ingest. While the spool takes nothing, segments wait in memory up to `max_pending_bytes`; past it
the oldest are lost, with their cause. The end waits until the store has all that was spooled.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from opentelemetry import trace

from libs.bus.tracing import traceparent
from libs.cutting.rows import MEDIA_TYPE
from libs.events import Checkpoint, Message, PackageRequested, Segment, SegmentLost
from libs.segment_keys import session_folder
from libs.storage import ObjectMissing, ObjectStore, SpoolEntry, SpoolFull, StoreUnavailable
from libs.tags.errors import IngestAway, SessionUnknown
from services.packager import metrics

log = structlog.get_logger()

SPOOL_RETRY_S = 0.5
ACKNOWLEDGE_RETRY_S = 0.2
ACKNOWLEDGE_TRIES = 3
"""The next checkpoint covers one that ingest did not get."""


class SpoolLike(Protocol):
    async def accept(self, entry: SpoolEntry, data: bytes) -> None:
        """On disk when it returns. Raises `SpoolFull`."""

    async def drained(self, prefix: str) -> None:
        """Return once nothing under `prefix` waits any more: all is stored and announced."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One step: store `data` (if any), say `facts`, acknowledge `checkpoint` (if any)."""

    key: str = ""
    data: bytes = b""
    row: Segment | None = None
    """None for an init segment."""
    facts: tuple[Message, ...] = ()
    checkpoint: Checkpoint | None = None
    is_acknowledged: bool = False
    """Whether an earlier packager spooled it: then it is stored again only if it is missing."""
    cut_at: float = 0.0


class Storing:
    def __init__(
        self,
        order: PackageRequested,
        *,
        spool: SpoolLike,
        store: ObjectStore,
        say: Callable[[Message], None],
        acknowledge: Callable[[Checkpoint], Awaitable[None]],
        max_pending_bytes: int,
    ) -> None:
        self._order = order
        self._folder = session_folder(order.tenant, order.stream, order.session)
        self._spool = spool
        self._store = store
        self._say = say
        self._acknowledge = acknowledge
        self._max_pending_bytes = max_pending_bytes
        self._pending: deque[Item] = deque()
        self._pending_bytes = 0
        self._wake = asyncio.Event()
        self._is_finished = False
        self._tracer = trace.get_tracer("weir.packager")

    def put(self, item: Item) -> None:
        """Queue a step. Never waits."""
        self._pending.append(item)
        self._count(len(item.data))
        while self._pending_bytes > self._max_pending_bytes and self._drop_oldest():
            pass
        self._wake.set()

    def finish(self) -> None:
        """Nothing more is put; `run` returns when all is done."""
        self._is_finished = True
        self._wake.set()

    def discard(self) -> None:
        """Forget what is pending: another packager owns the session."""
        self._pending.clear()
        self._count(-self._pending_bytes)

    async def run(self) -> None:
        """Work the queue off. Raises `IngestFenced`."""
        while True:
            while self._pending:
                item = self._pending[0]
                await self._work(item)
                if self._pending and self._pending[0] is item:
                    self._pending.popleft()
                    self._count(-len(item.data))
            if self._is_finished:
                await self._spool.drained(f"{self._folder}/")
                return
            self._wake.clear()
            await self._wake.wait()

    async def _work(self, item: Item) -> None:
        if item.data and not await self._is_there(item):
            await self._put_in_spool(item)
        for fact in item.facts:
            self._say(fact)
        if item.checkpoint is not None:
            await self._tell_ingest(item.checkpoint)

    async def _is_there(self, item: Item) -> bool:
        if not item.is_acknowledged:
            return False
        try:
            await self._store.stat(item.key)
        except (ObjectMissing, StoreUnavailable):
            return False
        return True

    async def _put_in_spool(self, item: Item) -> None:
        attributes = {"weir.stream": self._order.stream, "weir.session": self._order.session}
        if item.row is not None:
            attributes |= {"weir.msn": str(item.row.msn), "weir.bytes": str(len(item.data))}
        name = "init.spool" if item.row is None else "segment.spool"
        with self._tracer.start_as_current_span(name, attributes=attributes):
            note = {
                "row": item.row.model_dump(mode="json") if item.row else None,
                "traceparent": traceparent(),
            }
            entry = SpoolEntry(key=item.key, content_type=MEDIA_TYPE, note=note)
            # An item that waits here may be dropped meanwhile; then it is not tried again.
            while self._pending and self._pending[0] is item:
                try:
                    await self._spool.accept(entry, item.data)
                except SpoolFull as error:
                    log.warning("storing.waits", key=item.key, reason=str(error))
                    await asyncio.sleep(SPOOL_RETRY_S)
                else:
                    metrics.SPOOLED.observe(time.monotonic() - item.cut_at)
                    return

    async def _tell_ingest(self, checkpoint: Checkpoint) -> None:
        for _ in range(ACKNOWLEDGE_TRIES):
            try:
                await self._acknowledge(checkpoint)
            except IngestAway as error:
                log.info("storing.unacknowledged", msn=checkpoint.msn, reason=str(error))
                await asyncio.sleep(ACKNOWLEDGE_RETRY_S)
            except SessionUnknown:
                return
            else:
                return

    def _drop_oldest(self) -> bool:
        """Lose the oldest pending segment; False if there is none to lose."""
        for item in self._pending:
            if item.row is None or item is self._pending[-1]:
                continue
            row = item.row
            self._pending.remove(item)
            self._count(-len(item.data))
            metrics.LOST.inc()
            log.error("segment.lost", session=row.session, msn=row.msn, cause="spool_full")
            self._say(
                SegmentLost(
                    tenant=row.tenant,
                    stream=row.stream,
                    session=row.session,
                    rendition=row.rendition,
                    first_msn=row.msn,
                    last_msn=row.msn,
                    cause="spool_full",
                )
            )
            return True
        return False

    def _count(self, size_bytes: int) -> None:
        self._pending_bytes += size_bytes
        metrics.PENDING.inc(size_bytes)
