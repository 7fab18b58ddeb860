"""The rows of all jobs, live and finite: found, locked, listed and shown."""

from typing import cast

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import GetJob, GetJobLog, Job, JobPage, JobState, ListJobs, TranscodeReport
from services.catalog import page
from services.catalog.errors import JobUnknown
from services.catalog.models import JobRow


async def lock(tx: AsyncSession, job_id: str) -> JobRow:
    """Raises `JobUnknown`."""
    row = await tx.get(JobRow, job_id, with_for_update=True)
    if row is None:
        raise unknown(job_id)
    return row


async def get(tx: AsyncSession, ask: GetJob | GetJobLog) -> JobRow:
    """Raises `JobUnknown`."""
    row = await tx.get(JobRow, ask.job)
    if row is None or row.tenant_id != ask.tenant:
        raise unknown(ask.job)
    return row


def unknown(job_id: str) -> JobUnknown:
    return JobUnknown(f"There is no job {job_id[:128]!r}.")


async def list_page(tx: AsyncSession, ask: ListJobs) -> JobPage:
    """Newest first. Raises `CursorInvalid`."""
    query = select(JobRow)
    for column, wanted in (
        (JobRow.tenant_id, ask.tenant),
        (JobRow.stream_id, ask.stream),
        (JobRow.state, ask.state),
        (JobRow.kind, ask.kind),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if ask.after is not None:
        before = page.read_cursor(ask.after)
        query = query.where(tuple_(JobRow.requested_at, JobRow.id) < before)
    query = query.order_by(JobRow.requested_at.desc(), JobRow.id.desc()).limit(ask.limit + 1)
    answers = [show(row) for row in (await tx.execute(query)).scalars()]
    jobs, has_more = page.fit(answers, ask.limit)
    end = jobs[-1] if has_more else None
    next_after = page.write_cursor(end.requested_at, end.id) if end else None
    return JobPage(jobs=jobs, next_after=next_after)


def show(row: JobRow) -> Job:
    return Job(
        id=row.id,
        tenant=row.tenant_id,
        kind=row.kind,
        stream=row.stream_id,
        session=row.session_id,
        state=cast("JobState", row.state),
        attempt=row.attempt,
        progress=row.progress,
        requested_at=row.requested_at,
        updated_at=row.updated_at,
        error_code=row.error_code,
        reason=row.reason,
        params=row.params,
        size=row.size,
        priority=row.priority,
        result=row.result,
        report=TranscodeReport.model_validate(row.report) if row.report else None,
    )
