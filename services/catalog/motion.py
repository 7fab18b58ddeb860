"""Motion events: a time in which pictures changed is held, and becomes a file when it is over.

An event lasts from some seconds before the first change to as many after the last one; one that
goes on for very long becomes several.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import CreateHold, CreateJob, MotionDetected
from libs.names import SOURCE
from services.catalog import files, holds, jobs, outbox, runs, segments, still_orders
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import HoldsTooMany
from services.catalog.file_names import motion_still_name, motion_video_name
from services.catalog.looks import look_every
from services.catalog.models import HoldRow, SegmentRow, SessionRow, StreamRow
from services.catalog.recording_fields import Motion, read_recording
from services.catalog.recording_plan import picture_of
from services.catalog.still_orders import DueStill

log = structlog.get_logger()

AT_ONCE = 20


class MotionFiles:
    """Asks for the files of events that are over."""

    def __init__(self, database: Database, clock: Clock, *, settled_s: float = 45.0) -> None:
        """`settled_s` after an event its rows are there, or lost."""
        self._database = database
        self._clock = clock
        self._settled = timedelta(seconds=settled_s)

    async def run(self, every_s: float) -> NoReturn:
        await look_every(every_s, self.tick, "motion")

    async def tick(self) -> None:
        """Look once. Raises `Unavailable`."""
        now = self._clock()
        async with self._database.transaction(read_only=True) as tx:
            due = list((await tx.execute(_over(now - self._settled).limit(AT_ONCE))).scalars())
        for hold in due:
            async with self._database.transaction() as tx:
                await _order(tx, hold, now)


async def detected(tx: AsyncSession, fact: MotionDetected, *, now: datetime) -> bool:
    """Hold what is around it: as an event of its own, or as more of the one before; whether it
    begins one.
    """
    stream = await tx.get(StreamRow, fact.stream, with_for_update=True)
    wanted = read_recording(stream.item).motion if stream is not None else None
    if stream is None or wanted is None or stream.tenant_id != fact.tenant:
        return False  # it is not asked for any more
    roll = timedelta(seconds=wanted.roll_s)
    from_at, until_at = fact.at - roll, fact.at + roll
    events = await _touching(tx, fact, from_at, until_at)
    if any(each.from_at <= from_at and each.until_at >= until_at for each in events):
        return False  # said twice, or in another order
    event = events[-1] if events else None
    if event is not None and event.job_id is None and _fits(event, from_at, until_at, wanted):
        event.from_at = min(event.from_at, from_at)
        event.guards_from_at = event.from_at - holds.LONGEST_SEGMENT
        event.until_at = max(event.until_at, until_at)
        await tx.flush()
        return False
    hold = CreateHold(
        tenant=fact.tenant, stream=fact.stream, from_at=from_at, until_at=until_at, cause="motion"
    )
    try:
        await holds.add(tx, hold, now=now)
    except HoldsTooMany:
        log.warning("motion.not_kept", stream=fact.stream)
        return True
    await _order_still(tx, fact, now)
    return True


async def _touching(
    tx: AsyncSession, fact: MotionDetected, from_at: datetime, until_at: datetime
) -> Sequence[HoldRow]:
    """In order."""
    query = (
        select(HoldRow)
        .where(
            HoldRow.tenant_id == fact.tenant,
            HoldRow.stream_id == fact.stream,
            HoldRow.cause == "motion",
            HoldRow.from_at <= until_at,
            HoldRow.until_at >= from_at,
        )
        .order_by(HoldRow.from_at)
    )
    return (await tx.execute(query)).scalars().all()


def _fits(event: HoldRow, from_at: datetime, until_at: datetime, wanted: Motion) -> bool:
    length = max(event.until_at, until_at) - min(event.from_at, from_at)
    return length <= timedelta(seconds=wanted.longest_s)


async def _order_still(tx: AsyncSession, fact: MotionDetected, now: datetime) -> None:
    """The picture in which it began."""
    key = (fact.tenant, fact.session, SOURCE, fact.msn)
    row = await tx.get(SegmentRow, key)
    session = await tx.get(SessionRow, fact.session)
    if row is None or session is None:
        return  # retention was faster
    segment = segments.answer(row)
    if picture_of(segment) is None:
        return
    name = motion_still_name(fact.stream, segment.starts_at)
    queued = await still_orders.promise(tx, [DueStill(session, segment, name)])
    await outbox.add_all(tx, queued, now=now)


def _over(before: datetime) -> Select[HoldRow]:
    return select(HoldRow).where(
        HoldRow.cause == "motion", HoldRow.job_id.is_(None), HoldRow.until_at < before
    )


async def _order(tx: AsyncSession, found: HoldRow, now: datetime) -> None:
    """The file of an event, over all sessions that it shows: the publisher may have come back in
    it. With other codec settings it becomes another file.
    """
    event = await tx.get(HoldRow, found.id, with_for_update=True)
    if event is None or event.job_id is not None:
        return
    its = await runs.of_window(tx, event.tenant_id, event.stream_id, event.from_at, event.until_at)
    if not its:
        await tx.delete(event)  # there is nothing to keep
        return
    for each in await runs.joinable(tx, its):
        ask = CreateJob(tenant=event.tenant_id, params=runs.joined(each))
        job = await jobs.create(tx, ask, now=now)
        event.job_id = event.job_id or job.id
        first = each[0].first
        session = await tx.get_one(SessionRow, first.session_id)
        key = motion_video_name(event.stream_id, first.starts_at)
        await files.promise(tx, session, key, "mp4", runs.joined_span(each), job=job.id)
    await tx.flush()
