"""What plans become in the database: jobs and orders, and the files that they promise."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import CreateJob, MotionRequested, RemuxParams
from services.catalog import files, jobs, outbox, still_orders
from services.catalog.errors import JobRangeEmpty
from services.catalog.file_names import still_name, video_name
from services.catalog.models import SessionRow
from services.catalog.outbox import Queued
from services.catalog.recording_fields import Recording
from services.catalog.recording_plan import Look, Plan, Video, picture_of
from services.catalog.still_orders import DueStill

log = structlog.get_logger()


class Planned(NamedTuple):
    """Of one session."""

    session: SessionRow
    plan: Plan
    wanted: Recording


async def give(tx: AsyncSession, planned: Sequence[Planned], *, now: datetime) -> None:
    """Order it all. What is known already is not ordered again."""
    for session, plan, _ in planned:
        for video in plan.videos:
            await _order_video(tx, session, video, now=now)
    stills = [
        DueStill(session, row, still_name(row.stream, row.starts_at))
        for session, plan, _ in planned
        for (row,) in plan.stills
    ]
    queued = await still_orders.promise(tx, stills)
    queued += (
        Queued(order, session.tenant_id, session.traceparent)
        for session, plan, wanted in planned
        for order in _looks(plan.looks, wanted)
    )
    await outbox.add_all(tx, queued, now=now)


async def _order_video(
    tx: AsyncSession, session: SessionRow, video: Video, *, now: datetime
) -> None:
    span = video.span
    params = RemuxParams(session=session.id, first_msn=span.first_msn, last_msn=span.last_msn)
    try:
        job = await jobs.create(tx, CreateJob(tenant=session.tenant_id, params=params), now=now)
    except JobRangeEmpty:
        # Retention was faster than the file was long.
        log.warning("recorder.rows_gone", session=session.id, first_msn=span.first_msn)
        return
    key = video_name(session.stream_id, video.number, span.starts_at)
    await files.promise(tx, session, key, "mp4", span, job=job.id)


def _looks(looks: Iterable[Look], wanted: Recording) -> Iterable[MotionRequested]:
    for before, row in looks:
        picture = picture_of(row)
        assert picture is not None
        assert wanted.motion is not None
        yield MotionRequested(
            tenant=row.tenant,
            stream=row.stream,
            session=row.session,
            msn=row.msn,
            at=row.starts_at,
            before=before,
            now=picture,
            difference=wanted.motion.difference,
            percent=wanted.motion.percent,
        )
