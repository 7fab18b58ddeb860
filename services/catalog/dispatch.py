"""Dispatch: sees to it that every live job has a worker.

`stream.published` makes the first offers. From then on the leases tell: a worker that holds
one lets it beat each second, and a lease that fell silent means that the job needs a new taker.
"""

import asyncio
import enum
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import structlog

from libs.errors import Unavailable
from services.catalog import job_rows, offers
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.models import SessionRow

log = structlog.get_logger()

SILENT_S = 4.0
"""A lease without a beat for this long is stale; the same span after which it may be taken."""
FIRST_PATIENCE_S, MAX_PATIENCE_S = 4.0, 60.0
"""How long an offer may stay unanswered: doubles with each, so that offers do not pile up."""
GIVE_UP_AFTER = timedelta(minutes=5)
"""The replay window is long gone when a session has been over for so long."""
READ_AGAIN_S = 5.0
"""How often the jobs are read when this process has offered none: another catalog may have, which
looks after its own offers as long as it lives."""


class Beats(Protocol):
    """What dispatch needs to know of the leases."""

    async def silent_s(self, key: str) -> float | None:
        """Seconds since the lease's last beat; None while nobody can tell."""

    def mark(self, key: str) -> tuple[int, int] | None:
        """Epoch and beat of the lease, as last seen."""

    def keep_only(self, keys: Collection[str]) -> None:
        """The leases that will be asked about from now on."""


class Verdict(enum.Enum):
    WAIT = enum.auto()
    IS_RUNNING = enum.auto()
    OFFER = enum.auto()
    GIVE_UP = enum.auto()


def judge(
    *,
    silent_s: float | None,
    offered_s: float,
    unanswered: int,
    ended_for: timedelta | None,
) -> Verdict:
    """What to do with an open live job.

    `offered_s` is the age of its latest offer, `unanswered` how many offers since a lease was
    last seen, `ended_for` how long its session has been over (None: it is not).
    """
    if silent_s is None:
        return Verdict.WAIT
    if silent_s < SILENT_S:
        return Verdict.IS_RUNNING
    if ended_for is not None and ended_for > GIVE_UP_AFTER:
        return Verdict.GIVE_UP
    patience_s = min(FIRST_PATIENCE_S * 2.0 ** min(unanswered, 10), MAX_PATIENCE_S)
    return Verdict.OFFER if offered_s >= patience_s else Verdict.WAIT


class _OpenJob(NamedTuple):
    """A job as it was when it was read; what is done about it looks again."""

    id: str
    state: str
    session_ended_at: datetime | None
    offered_at: datetime


class Dispatch:
    def __init__(
        self,
        database: Database,
        beats: Beats,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._beats = beats
        self._clock = clock
        self._monotonic = monotonic
        self._unanswered: dict[str, int] = {}
        self._open: list[_OpenJob] = []
        self._read_at = -READ_AGAIN_S
        self._read_fills = -1
        """Of the outbox, when the jobs were read: each offer goes through it."""

    async def run(self, every_s: float) -> None:
        while True:
            try:
                await self.tick()
            except Unavailable as error:
                log.warning("dispatch.waiting", code=error.code)
            await asyncio.sleep(every_s)

    async def tick(self) -> None:
        """Look at every open live job once. Raises `DatabaseDown`."""
        is_old = self._monotonic() - self._read_at >= READ_AGAIN_S
        if is_old or self._read_fills != self._database.outbox_fills:
            await self._read()
        now = self._clock()
        for job in self._open:
            ended_at = job.session_ended_at
            verdict = judge(
                silent_s=await self._beats.silent_s(offers.lease_key(job.id)),
                offered_s=(now - job.offered_at).total_seconds(),
                unanswered=self._unanswered[job.id],
                ended_for=now - ended_at if ended_at else None,
            )
            if verdict is Verdict.IS_RUNNING:
                self._unanswered[job.id] = 0
            is_news = verdict is not Verdict.WAIT
            if is_news and not (verdict is Verdict.IS_RUNNING and job.state == "running"):
                self._read_at = -READ_AGAIN_S
                await self._act(job, verdict, now)

    async def _read(self) -> None:
        read_at, fills = self._monotonic(), self._database.outbox_fills
        async with self._database.transaction(read_only=True) as tx:
            self._open = [
                _OpenJob(job.id, job.state, session.ended_at, job.offered_at)
                for job, session in await offers.open_live_jobs(tx)
            ]
        self._read_at, self._read_fills = read_at, fills
        self._beats.keep_only({offers.lease_key(job.id) for job in self._open})
        self._unanswered = {job.id: self._unanswered.get(job.id, 0) for job in self._open}

    async def _act(self, job: _OpenJob, verdict: Verdict, now: datetime) -> None:
        async with self._database.transaction() as tx:
            row = await job_rows.lock(tx, job.id)
            # It may have been settled, or offered by another catalog, since it was read.
            if row.state not in offers.OPEN_STATES or row.offered_at != job.offered_at:
                return
            if verdict is Verdict.IS_RUNNING:
                row.state, row.reason, row.updated_at = "running", None, now
            elif verdict is Verdict.GIVE_UP:
                await offers.give_up(tx, row, "session_gone: nobody could finish it", now=now)
                log.warning("job.given_up", job=job.id)
            else:
                session = await tx.get_one(SessionRow, row.session_id)
                silent = self._beats.mark(offers.lease_key(job.id))
                await offers.offer(tx, row, session, now=now, silent=silent)
                self._unanswered[job.id] += 1
                log.info("job.offered_again", job=job.id, attempt=row.attempt)
