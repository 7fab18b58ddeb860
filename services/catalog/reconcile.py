"""Reconcile: compares the open sessions with what the ingests hold, and closes orphans.

An ingest that died tells nobody. Its sessions would stay open for ever, and with them "is live".
A session is closed only when its ingest has answered without it, or has been missing from the
registry for long; an ingest that is merely slow to answer keeps its sessions.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from libs.errors import Unavailable
from services.catalog import publishing, sessions
from services.catalog.clock import Clock
from services.catalog.database import Database

log = structlog.get_logger()

GRANT_GRACE = timedelta(seconds=20)
"""A session granted more recently may not have reached its ingest's list yet."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """An ingest as the registry names it."""

    instance: str
    url: str


ListIngests = Callable[[], Awaitable[Collection[Ingest]]]
"""Raises `Unavailable` while the registry cannot be read."""
ListHeld = Callable[[Ingest], Awaitable[Collection[str]]]
"""The sessions that an ingest holds. Raises `Unavailable` when it does not answer."""


class Reconcile:
    def __init__(
        self,
        database: Database,
        list_ingests: ListIngests,
        list_held: ListHeld,
        clock: Clock,
        *,
        gone_after_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._list_ingests = list_ingests
        self._list_held = list_held
        self._clock = clock
        self._gone_after_s = gone_after_s
        self._monotonic = monotonic
        self._missing_since: dict[str, float] = {}

    async def run(self, every_s: float) -> None:
        while True:
            try:
                await self.tick()
            except Unavailable as error:
                # What was missing while nobody could look proves nothing.
                self._missing_since.clear()
                log.warning("reconcile.waiting", code=error.code)
            await asyncio.sleep(every_s)

    async def tick(self) -> list[str]:
        """Compare once; returns the sessions it closed. Raises `Unavailable`."""
        # The registry is read before the sessions: a session granted in between is young.
        ingests = {ingest.instance: ingest for ingest in await self._list_ingests()}
        async with self._database.transaction(read_only=True) as tx:
            found = [(row.id, row.ingest) for row in await sessions.all_open(tx)]
        held = await self._held(ingests, {ingest for _, ingest in found})
        gone = self._gone(ingests, {ingest for _, ingest in found})
        orphans = [
            session
            for session, ingest in found
            if ingest in gone or (ingest in held and session not in held[ingest])
        ]
        return [session for session in orphans if await self._close(session)]

    async def _held(
        self, ingests: Mapping[str, Ingest], wanted: Collection[str]
    ) -> dict[str, Collection[str]]:
        """What each ingest holds; one that does not answer is left out."""
        asked = [ingest for name, ingest in ingests.items() if name in wanted]
        answers = await asyncio.gather(
            *(self._list_held(ingest) for ingest in asked), return_exceptions=True
        )
        held: dict[str, Collection[str]] = {}
        for ingest, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Unavailable):
                log.warning("ingest.silent", ingest=ingest.instance)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                held[ingest.instance] = answer
        return held

    def _gone(self, present: Collection[str], wanted: Collection[str]) -> set[str]:
        """The ingests that have been missing at every look for `gone_after_s`."""
        now = self._monotonic()
        missing = [name for name in wanted if name not in present]
        self._missing_since = {name: self._missing_since.get(name, now) for name in missing}
        return {
            name for name, since in self._missing_since.items() if now - since > self._gone_after_s
        }

    async def _close(self, session_id: str) -> bool:
        now = self._clock()
        async with self._database.transaction() as tx:
            row = await sessions.get_locked(tx, session_id)
            if row is None or row.ended_at is not None or now - row.granted_at < GRANT_GRACE:
                return False
            await publishing.end(tx, row, "ingest_lost", now=now)
        return True
