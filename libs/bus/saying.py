"""Facts of a service that has no database: said in order, kept in memory while the bus is away."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Gauge

from libs.bus.errors import BusUnavailable

log = structlog.get_logger()

MAX_PENDING = 100_000
"""About an hour of facts of fifty streams; the oldest are dropped past it, and counted."""
PAUSE_S = 0.5

PENDING = Gauge("weir_bus_facts_pending", "Facts said but not yet acknowledged by the bus.")
DROPPED = Counter("weir_bus_facts_dropped_total", "Facts dropped because too many were pending.")


@dataclass(frozen=True, slots=True)
class Said:
    subject: str
    body: bytes
    headers: dict[str, str]


class Sayings:
    """An ordered queue in front of `publish`; the head is tried again until it is acknowledged."""

    def __init__(self, publish: Callable[[Said], Awaitable[None]]) -> None:
        self._publish = publish
        self._queue: deque[Said] = deque()
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._queue)

    def say(self, said: Said) -> None:
        if len(self._queue) >= MAX_PENDING:
            self._queue.popleft()
            DROPPED.inc()
        self._queue.append(said)
        PENDING.set(len(self._queue))
        self._empty.clear()
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                head = self._queue[0]
                try:
                    await self._publish(head)
                except BusUnavailable:
                    await asyncio.sleep(PAUSE_S)
                    continue
                if self._queue and self._queue[0] is head:
                    self._queue.popleft()
                PENDING.set(len(self._queue))
            self._empty.set()

    async def drained(self, timeout_s: float) -> None:
        """Wait until everything said is acknowledged, but not longer than `timeout_s`."""
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_s)
        except TimeoutError:
            log.warning("bus.facts_unsaid", pending=len(self._queue))
