"""Watches finite jobs: who died at one, which are due (again), which orders went astray.

A worker that does a job lets its lease beat each second. One that fell silent is taken for dead,
and another attempt is asked for; should it wake up, its result is refused.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from libs.errors import Unavailable
from services.catalog import job_results, job_rows, jobs
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.dispatch import SILENT_S, Beats
from services.catalog.offers import lease_key

log = structlog.get_logger()

BEGIN_S = 5.0
"""From its begin to the first beat of an attempt."""
PATIENCE, MAX_PATIENCE = timedelta(minutes=1), timedelta(hours=1)
"""How long an order may lie on the bus: doubles with each, as workers may only be busy."""
AT_ONCE = 500
IDLE_LOOKS = 4
"""So many looks are left out after one that found nothing, unless this catalog has put something
into its outbox since, as it does for each job that it is asked for: another may have, too.
"""


class JobWatch:
    def __init__(self, database: Database, beats: Beats, clock: Clock) -> None:
        self._database = database
        self._beats = beats
        self._clock = clock

    async def run(self, every_s: float) -> None:
        while True:
            fills, is_idle = self._database.outbox_fills, False
            try:
                is_idle = await self.tick()
            except Unavailable as error:
                log.warning("job_watch.waiting", code=error.code)
            await asyncio.sleep(every_s)
            for _ in range(IDLE_LOOKS if is_idle else 0):
                if self._database.outbox_fills != fills:
                    break
                await asyncio.sleep(every_s)

    async def tick(self) -> bool:
        """Look once; whether there is nothing to see to. Raises `DatabaseDown`."""
        now = self._clock()
        async with self._database.transaction(read_only=True) as tx:
            found = list(await tx.execute(jobs.due(now).limit(AT_ONCE)))
        running = [row for row in found if row.state == "running"]
        self._beats.keep_only({lease_key(row.id) for row in running})
        for row in running:
            if await self._is_dead(row, now):
                await self._lose(row.id, row.attempt, now)
        await self._say_orders({row.kind for row in found if _waits(row)}, now)
        for row in found:
            if row.state == "queued" and row.is_on_bus and now - row.offered_at > _patience(row):
                await self._order_again(row.id, now)
        return not found

    async def _is_dead(self, row: Any, now: datetime) -> bool:
        silent_s = await self._beats.silent_s(lease_key(row.id))
        is_new = (now - row.started_at).total_seconds() < BEGIN_S
        return silent_s is not None and silent_s >= SILENT_S and not is_new

    async def _lose(self, job: str, attempt: int, now: datetime) -> None:
        async with self._database.transaction() as tx:
            row = await job_rows.lock(tx, job)
            await jobs.lost(tx, row, attempt, now=now)
            await job_results.follow(tx, row, now=now)

    async def _say_orders(self, kinds: Iterable[str], now: datetime) -> None:
        for kind in kinds:
            async with self._database.transaction() as tx:
                await jobs.say_orders(tx, kind, now=now)

    async def _order_again(self, job: str, now: datetime) -> None:
        """The bus may have been wiped. An order too many does no harm."""
        async with self._database.transaction() as tx:
            row = await job_rows.lock(tx, job)
            if row.state == "queued" and now - row.offered_at > _patience(row):
                await jobs.order(tx, row, now=now)
                log.info("job.ordered_again", job=job, orders=row.orders)


def _waits(row: Any) -> bool:
    return row.state == "queued" and not row.is_on_bus


def _patience(row: Any) -> timedelta:
    unanswered: int = max(row.orders - row.attempt - 1, 0)
    return min(PATIENCE * int(2 ** min(unanswered, 10)), MAX_PATIENCE)
