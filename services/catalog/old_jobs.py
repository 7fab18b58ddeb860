"""Forgets jobs that were over long ago, with their attempts and what these said, and how long
they ran in months that are over.

A job whose result something still names stays as long as that: a file, a clip, a motion event. So
does one that left something in the store that is yet to be deleted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog import jobs, offers, usage
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.looks import look_every
from services.catalog.models import (
    FileRow,
    HoldRow,
    JobAttemptRow,
    JobLogRow,
    JobRow,
    SessionRow,
)

log = structlog.get_logger()

EVERY_S = 600.0
BATCH = 500


class OldJobs:
    def __init__(self, database: Database, clock: Clock, *, hours: float) -> None:
        self._database = database
        self._clock = clock
        self._kept = timedelta(hours=hours)

    async def run(self) -> NoReturn:
        await look_every(EVERY_S, self.tick, "old-jobs")

    async def tick(self) -> int:
        """Look once; returns how many went. Raises `Unavailable`."""
        before, gone = self._clock() - self._kept, 0
        async with self._database.transaction() as tx:
            await usage.forget_months_before(tx, self._clock())
        while True:
            async with self._database.transaction() as tx:
                old = await _oldest(tx, before)
                await _forget(tx, old)
            gone += len(old)
            if len(old) < BATCH:
                break
        if gone:
            log.info("jobs.forgotten", jobs=gone)
        return gone


async def _oldest(tx: AsyncSession, before: datetime) -> Sequence[str]:
    made = exists().where(FileRow.job_id == JobRow.id, FileRow.state != "failed")
    held = select(HoldRow.job_id).where(HoldRow.job_id.is_not(None))
    left = exists().where(JobAttemptRow.job_id == JobRow.id, JobAttemptRow.is_litter)
    query = (
        select(JobRow.id)
        .outerjoin(SessionRow, SessionRow.id == JobRow.session_id)
        .where(
            JobRow.state.not_in({*offers.OPEN_STATES, *jobs.OPEN_STATES}),
            JobRow.updated_at < before,
            # A live job may be taken up again while its session goes on.
            or_(JobRow.kind.in_(jobs.KINDS), SessionRow.ended_at < before),
            ~made,
            JobRow.id.not_in(held),
            ~left,
        )
        .order_by(JobRow.updated_at)
        .limit(BATCH)
        .with_for_update(of=JobRow)
    )
    return (await tx.execute(query)).scalars().all()


async def _forget(tx: AsyncSession, names: Sequence[str]) -> None:
    for row in (JobLogRow, JobAttemptRow):
        await tx.execute(delete(row).where(row.job_id.in_(names)))
    await tx.execute(update(FileRow).where(FileRow.job_id.in_(names)).values(job_id=None))
    await tx.execute(delete(JobRow).where(JobRow.id.in_(names)))
