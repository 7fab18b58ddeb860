"""What the gateway hears on the bus: who is on air, who packages it, who else is in the house."""

import asyncio
import contextlib
import time

import structlog
from nats.errors import Error as NATSError
from nats.js.errors import Error as JetStreamError

from libs.bus import Bus, Entry, LeaseRecord, LogState, traceparent
from libs.errors import WeirError
from libs.events import (
    Envelope,
    ListSessions,
    Session,
    SessionEnded,
    StreamPublished,
    StreamUnpublished,
)
from services.gateway.api.house import ServiceState
from services.gateway.playback.directory import Directory
from services.gateway.playback.origin import Origin
from services.gateway.viewers.viewing import Viewing

REFRESH_S = 15.0
"""How often the whole list is read again: a fact that was missed is made good by then."""
RETRY_S = 1.0
PAGE_SESSIONS = 200
LEASES = "package."

log = structlog.get_logger()
_AWAY = (NATSError, JetStreamError, TimeoutError, WeirError)


class News:
    """Keeps the directory true. Registers its handlers at once; `run` and `watch_leases` go on."""

    def __init__(self, bus: Bus, directory: Directory, viewing: Viewing) -> None:
        self._bus = bus
        self._directory = directory
        self._viewing = viewing
        self._reconnected = asyncio.Event()
        self._lease_watch: asyncio.Task[None] | None = None
        bus.watch_fact(StreamPublished)(self._on_published)
        bus.watch_fact(StreamUnpublished)(self._on_unpublished)
        bus.watch_fact(SessionEnded)(self._on_ended)
        bus.on_reconnect(self._on_reconnect)

    async def _on_published(self, envelope: Envelope[StreamPublished]) -> None:
        self._directory.published(envelope.data, traceparent=traceparent())

    async def _on_unpublished(self, envelope: Envelope[StreamUnpublished]) -> None:
        self._directory.unpublished(envelope.data)

    async def _on_ended(self, envelope: Envelope[SessionEnded]) -> None:
        self._directory.ended(envelope.data)

    async def _on_reconnect(self) -> None:
        self._reconnected.set()
        if self._lease_watch is not None:
            # A watch does not survive its connection; another starts with all records.
            self._lease_watch.cancel()

    async def run(self) -> None:
        """Read the list of open sessions again and again; while nobody answers, keep the last."""
        while True:
            self._reconnected.clear()
            pause_s = REFRESH_S
            try:
                await self._refresh()
            except _AWAY as error:
                log.info("directory.stale", reason=str(error) or type(error).__name__)
                pause_s = RETRY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._reconnected.wait(), pause_s)

    async def watch_leases(self) -> None:
        """Follow the packagers' leases, over every reconnect."""
        while True:
            watch = self._bus.leases.watch(f"{LEASES}>", self._on_lease)
            self._lease_watch = asyncio.create_task(watch, name="lease-watch")
            try:
                await asyncio.wait({self._lease_watch})
            finally:
                self._lease_watch.cancel()
            if not self._lease_watch.cancelled():
                error = self._lease_watch.exception()
                if error is not None and not isinstance(error, _AWAY):
                    raise error
                await asyncio.sleep(RETRY_S)

    def _on_lease(self, record: LeaseRecord) -> None:
        if record.is_released:
            self._directory.released(record.session)
        else:
            self._directory.leased(record.session, record.url, record.epoch)

    async def _refresh(self) -> None:
        asked_at = time.monotonic()
        sessions: list[Session] = []
        after: str | None = None
        while True:
            ask = ListSessions(is_open=True, after=after, limit=PAGE_SESSIONS)
            page = await self._bus.ask(ask)
            sessions += page.sessions
            for session in page.sessions:
                if session.view_policy is not None:
                    self._viewing.policy_learnt(
                        session.stream,
                        session.view_policy,
                        session.revision,
                        session.tenant,
                        is_cdn_allowed=session.is_cdn_allowed,
                    )
            after = page.next_after
            if after is None:
                break
        self._directory.listed(sessions, asked_at=asked_at)
        for live in self._directory.lives():
            packager = self._directory.packager(live.session)
            if packager is None or packager.is_released:
                record = await self._bus.leases.get(f"{LEASES}{live.session}")
                if record is not None:
                    self._on_lease(record)


class Neighbourhood:
    """The other services: found by the registry, asked whether they are ready."""

    def __init__(self, bus: Bus, origin: Origin) -> None:
        self._bus = bus
        self._origin = origin

    @property
    def is_bus_connected(self) -> bool:
        return self._bus.is_connected

    async def ingests(self) -> list[str]:
        """Their URLs; none while the bus is away."""
        return [entry.url for entry in await self._entries("ingest")]

    async def transcoders(self) -> list[str]:
        """Their URLs; none while the bus is away."""
        return [entry.url for entry in await self._entries("transcoder")]

    async def services(self) -> list[ServiceState]:
        entries = await self._entries()
        reasons = await asyncio.gather(*(self._origin.is_ready(entry.url) for entry in entries))
        return [
            ServiceState(entry.kind, entry.instance, reason)
            for entry, reason in zip(entries, reasons, strict=True)
        ]

    async def logs(self) -> list[LogState]:
        """Raises `BusUnavailable`."""
        return await self._bus.logs()

    async def _entries(self, kind: str | None = None) -> list[Entry]:
        if not self._bus.is_connected:
            return []
        try:
            return await self._bus.registry.list(kind)
        except _AWAY:
            return []
