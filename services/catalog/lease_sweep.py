"""Sweeps the leases of jobs that are over, which nobody else would ever remove.

A lease outlives its release, because its epoch must not be given twice while the job may be taken
again. That time is over with the job's session.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import or_, select

from libs.errors import Unavailable
from services.catalog import jobs, offers
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.models import JobRow, SessionRow

log = structlog.get_logger()

EVERY_S = 60.0
KEPT = timedelta(minutes=1)
"""From the end of a job and its session: gateways still ask the last packager for the tail."""
PAGE = 500
"""Jobs that one query asks about."""


class LeaseState(Protocol):
    """What the sweep needs to know of a lease."""

    @property
    def is_released(self) -> bool: ...


class LeaseBucket(Protocol):
    """All methods raise `Unavailable` while the leases cannot be reached."""

    async def keys(self) -> Collection[str]: ...
    async def read(self, key: str) -> tuple[LeaseState, int] | None:
        """The record and its revision."""

    async def remove(self, key: str, revision: int) -> bool:
        """Remove it unless it has changed since; whether it is gone."""


class LeaseSweep:
    def __init__(self, database: Database, leases: LeaseBucket, clock: Clock) -> None:
        self._database = database
        self._leases = leases
        self._clock = clock
        self._revisions: Mapping[str, int] = {}
        """Of leases without a job, at the last look."""

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.tick()
            except Unavailable as error:
                log.warning("lease_sweep.waiting", code=error.code)

    async def tick(self) -> None:
        """Remove what is over and released, or over and unchanged since the last look."""
        known = {key: key.replace(".", "-", 1) for key in await self._leases.keys()}
        over = await self._over(known.values())
        revisions: dict[str, int] = {}
        for key, job_id in known.items():
            found = await self._leases.read(key) if job_id in over else None
            if found is None:
                continue
            record, revisions[key] = found
            is_still = self._revisions.get(key) == revisions[key]
            if (record.is_released or is_still) and await self._leases.remove(key, revisions[key]):
                log.info("lease.swept", key=key)
        self._revisions = revisions

    async def _over(self, job_ids: Iterable[str]) -> set[str]:
        """Those of the jobs that are settled for good: live ones, if their session has ended."""
        wanted, before = list(job_ids), self._clock() - KEPT
        found: set[str] = set()
        async with self._database.transaction(read_only=True) as tx:
            for start in range(0, len(wanted), PAGE):
                query = (
                    select(JobRow.id)
                    .outerjoin(SessionRow, JobRow.session_id == SessionRow.id)
                    .where(
                        JobRow.id.in_(wanted[start : start + PAGE]),
                        JobRow.state.not_in((*offers.OPEN_STATES, *jobs.OPEN_STATES)),
                        JobRow.updated_at < before,
                        or_(JobRow.kind.in_(jobs.KINDS), SessionRow.ended_at < before),
                    )
                )
                found |= set((await tx.execute(query)).scalars())
        return found
