"""Retention: takes the oldest away, by age, by bytes, and before a disk is full: rows of the
segment log, and the files that were made of them.

What a hold needs and what live playlists list stays. Nothing here touches the store: rows go, and
whoever keeps the store hears a while later what may go with them.
"""

from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn

import structlog
from sqlalchemy import func, select

from services.catalog import discards
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.listed import listed_since
from services.catalog.looks import look_every
from services.catalog.models import SessionRow, StreamRow, TierRow

log = structlog.get_logger()

BATCHES = 20
"""Of one stream and look: others wait, and the rest stays for the next look."""


class Rules(NamedTuple):
    """What holds for all streams."""

    hours: float | None = None
    max_bytes: int | None = None
    min_free_bytes: int = 0
    grace: timedelta = timedelta(seconds=60)
    """From the end of a row to that of its object: who has it in a playlist may still read it."""


class _Kept(NamedTuple):
    """What is kept of one stream."""

    tenant: str
    stream: str
    size_bytes: int
    hours: float | None
    max_bytes: int | None
    since: datetime | None = None
    """Rows that start before are not looked at; None: all are."""


class Room:
    """What the hot store has room for, as whoever keeps it said last; None: nobody can tell."""

    def __init__(self) -> None:
        self.free_bytes: int | None = None

    def note(self, free_bytes: int | None) -> None:
        self.free_bytes = free_bytes

    def fill(self, size_bytes: int) -> None:
        """So much has been written there since."""
        if self.free_bytes is not None:
            self.free_bytes -= size_bytes


class Retention:
    def __init__(self, database: Database, clock: Clock, rules: Rules, room: Room) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._room = room

    async def run(self, every_s: float) -> NoReturn:
        await look_every(every_s, self.tick, "retention")

    async def tick(self) -> int:
        """Look once; returns how many bytes went. Raises `Unavailable`."""
        now = self._clock()
        kept, listed_at = await self._look(now)
        gone = 0
        for each in kept:
            old = 0
            if each.hours is not None:
                before = min(listed_at, now - timedelta(hours=each.hours))
                old = await self._discard(each, before)
            gone += old
            if each.max_bytes is not None and each.size_bytes - old > each.max_bytes:
                excess = each.size_bytes - old - each.max_bytes
                gone += await self._discard(each, listed_at, size_bytes=excess)
        if self._rules.max_bytes is not None:
            excess = sum(each.size_bytes for each in kept) - gone - self._rules.max_bytes
            gone += await self._discard_oldest(kept, listed_at, excess)
        lacking, hot = await self._lacking(kept)
        gone += await self._discard_oldest(hot, listed_at, lacking)
        if gone:
            log.info("retention.discarded", size_bytes=gone)
        return gone

    async def _look(self, now: datetime) -> tuple[list[_Kept], datetime]:
        """What is kept of each stream, and since when playlists may list it."""
        sizes = (
            select(
                SessionRow.tenant_id,
                SessionRow.stream_id,
                func.sum(SessionRow.size_bytes + SessionRow.files_bytes),
                StreamRow.retention_hours,
                StreamRow.retention_bytes,
            )
            .outerjoin(StreamRow, StreamRow.id == SessionRow.stream_id)
            .where(SessionRow.size_bytes + SessionRow.files_bytes > 0)
            .group_by(
                SessionRow.tenant_id,
                SessionRow.stream_id,
                StreamRow.retention_hours,
                StreamRow.retention_bytes,
            )
        )
        async with self._database.transaction(read_only=True) as tx:
            kept = [
                _Kept(tenant, stream, int(size), hours or self._rules.hours, most)
                for tenant, stream, size, hours, most in await tx.execute(sizes)
            ]
            return kept, await listed_since(tx, now)

    async def _lacking(self, kept: list[_Kept]) -> tuple[int, list[_Kept]]:
        """What more room the hot store needs, and what lies there: only that makes room in it."""
        free_bytes = self._room.free_bytes
        if free_bytes is None:
            return 0, []
        async with self._database.transaction(read_only=True) as tx:
            pending = await discards.pending_bytes(tx)
            cold = {
                (tier.tenant_id, tier.stream_id): tier.hot_since_at
                for tier in (await tx.execute(select(TierRow))).scalars()
            }
        hot = [each._replace(since=cold.get((each.tenant, each.stream))) for each in kept]
        return self._rules.min_free_bytes - free_bytes - pending, hot

    async def _discard(
        self, kept: _Kept, before: datetime, *, size_bytes: int | None = None
    ) -> int:
        gone = 0
        for _ in range(BATCHES):
            left = None if size_bytes is None else size_bytes - gone
            taken = await self._discard_batch(kept, before, left)
            gone += taken.size_bytes
            if taken.is_all or (size_bytes is not None and gone >= size_bytes):
                break
        return gone

    async def _discard_batch(
        self, kept: _Kept, before: datetime, left: int | None
    ) -> discards.Taken:
        async with self._database.transaction() as tx:
            due_at = self._clock() + self._rules.grace
            return await discards.discard(
                tx,
                kept.tenant,
                kept.stream,
                before=before,
                due_at=due_at,
                size_bytes=left,
                since=kept.since,
            )

    async def _discard_oldest(self, kept: list[_Kept], before: datetime, excess: int) -> int:
        """Of all streams, whichever has the oldest, a batch at a time."""
        gone = 0
        waiting = list(kept)
        for _ in range(BATCHES):
            if gone >= excess or (oldest := await self._oldest(waiting, before)) is None:
                break
            taken = await self._discard_batch(oldest, before, excess - gone)
            if taken.is_all:
                waiting.remove(oldest)
            gone += taken.size_bytes
        return gone

    async def _oldest(self, kept: list[_Kept], before: datetime) -> _Kept | None:
        found: list[tuple[datetime, _Kept]] = []
        async with self._database.transaction(read_only=True) as tx:
            for each in kept:
                at = await discards.oldest_at(
                    tx, each.tenant, each.stream, before=before, since=each.since
                )
                if at is not None:
                    found.append((at, each))
        return min(found, key=lambda pair: pair[0], default=(None, None))[1]
