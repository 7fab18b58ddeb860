"""What is kept of finite jobs' attempts, and of what the processes of any job say."""

from datetime import datetime
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.bus import trace_id_of
from libs.events import (
    AttemptState,
    ForgetJobLitter,
    GetJobLog,
    JobAttempt,
    JobDetail,
    JobLitter,
    JobLog,
    JobLogged,
    Litter,
)
from services.catalog import assets, job_rows
from services.catalog.jobs import folder
from services.catalog.models import AssetRow, JobAttemptRow, JobLogRow, JobRow

SHOWN_ATTEMPTS = 50
LITTER_PAGE = 100
MAX_LINES = 200


async def detail(tx: AsyncSession, row: JobRow) -> JobDetail:
    query = (
        select(JobAttemptRow)
        .where(JobAttemptRow.job_id == row.id)
        .order_by(JobAttemptRow.number.desc())
        .limit(SHOWN_ATTEMPTS)
    )
    newest_first = [
        JobAttempt(
            number=attempt.number,
            worker=attempt.worker,
            state=cast("AttemptState", attempt.state),
            progress=attempt.progress,
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
            error_code=attempt.error_code,
            reason=attempt.reason,
        )
        for attempt in (await tx.execute(query)).scalars()
    ]
    return JobDetail(
        **job_rows.show(row).model_dump(),
        attempts=tuple(newest_first[::-1]),
        trace_id=trace_id_of(row.traceparent),
    )


# --- what their processes say -----------------------------------------------------------


async def logged(tx: AsyncSession, fact: JobLogged, *, now: datetime) -> None:
    """Keep the newest lines, in whatever order the facts come. Raises `JobUnknown`."""
    job = await job_rows.lock(tx, fact.job)
    row = await tx.get(JobLogRow, (job.id, fact.attempt))
    if row is None:
        row = JobLogRow(job_id=job.id, attempt=fact.attempt, tenant_id=job.tenant_id, number=-1)
        tx.add(row)
    if fact.number > row.number:
        row.number, row.worker, row.updated_at = fact.number, fact.worker, now
        row.lines = list(fact.lines[-MAX_LINES:])
    await tx.flush()


async def log_of(tx: AsyncSession, ask: GetJobLog) -> JobLog:
    """Raises `JobUnknown`."""
    job = await job_rows.get(tx, ask)
    query = select(JobLogRow).where(JobLogRow.job_id == job.id)
    if ask.attempt is not None:
        query = query.where(JobLogRow.attempt == ask.attempt)
    row = (await tx.execute(query.order_by(JobLogRow.attempt.desc()).limit(1))).scalar()
    if row is None:
        return JobLog(job=job.id, attempt=ask.attempt)
    return JobLog(
        job=job.id,
        attempt=row.attempt,
        worker=row.worker,
        updated_at=row.updated_at,
        lines=tuple(row.lines),
    )


# --- what they leave in the store -------------------------------------------------------


async def litter(tx: AsyncSession, *, before: datetime) -> JobLitter:
    """Of attempts that ended before."""
    query = (
        select(JobAttemptRow)
        .where(JobAttemptRow.is_litter, JobAttemptRow.ended_at < before)
        .order_by(JobAttemptRow.ended_at)
        .limit(LITTER_PAGE)
    )
    found = [
        Litter(
            job=row.job_id,
            attempt=row.number,
            folder=folder(row.tenant_id, row.job_id, row.number),
        )
        for row in (await tx.execute(query)).scalars()
    ]
    return JobLitter(litter=(*found, *await _of_assets(tx, before)))


async def forget_litter(tx: AsyncSession, ask: ForgetJobLitter) -> None:
    for item in ask.litter:
        if item.asset is not None:
            await _forget_asset(tx, item.asset)
            continue
        await tx.execute(
            update(JobAttemptRow)
            .where(JobAttemptRow.job_id == item.job, JobAttemptRow.number == item.attempt)
            .values(is_litter=False)
        )


async def _of_assets(tx: AsyncSession, before: datetime) -> list[Litter]:
    """Of assets that failed or were deleted before, and whose rows are gone."""
    query = (
        select(AssetRow)
        .where(AssetRow.litter_folder.is_not(None), AssetRow.updated_at < before)
        .limit(LITTER_PAGE)
    )
    return [
        Litter(asset=row.id, folder=row.litter_folder)
        for row in (await tx.execute(query)).scalars()
        if row.litter_folder is not None
    ]


async def _forget_asset(tx: AsyncSession, asset: str) -> None:
    """Of what failed the reason stays."""
    row = await tx.get(AssetRow, asset, with_for_update=True)
    if row is None:
        return
    row.litter_folder = None
    if row.state == assets.GONE:
        await tx.delete(row)
