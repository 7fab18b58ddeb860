"""Finite jobs: queued, begun as numbered attempts, and done once.

The table is the queue. A few orders of each kind lie on the bus at a time, those of the most urgent
jobs; a worker with room takes one and begins it here, which opens an attempt. Only the newest
attempt, while it runs, can complete its job: whatever comes of another counts for nothing, and what
it left in the store is litter.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.bus import traceparent
from libs.events import (
    FINITE_ORDERS,
    MAX_TRIES,
    AttemptState,
    BeginJob,
    CancelJob,
    CreateJob,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobFault,
    JobGrant,
    JobProgressed,
    JobSize,
)
from services.catalog import job_range, job_rows, metrics, outbox, usage
from services.catalog.errors import JobLive, JobUnwanted
from services.catalog.models import JobAttemptRow, JobRow

log = structlog.get_logger()

KINDS = tuple(FINITE_ORDERS)
OPEN_STATES = ("queued", "running")
OVER_STATES = ("completed", "failed", "cancelled")
USUAL_SIZES: dict[str, JobSize] = {
    "remux": "micro",
    "encode": "medium",
    "storyboard": "micro",
    "poster": "micro",
    "import": "micro",
    "inspect": "micro",
    "plan": "small",
    "chunk": "medium",
}
ON_BUS = 4
"""Orders of a kind that wait on the bus: what is queued behind them can still be overtaken."""
TRY_PAUSES_S = (2.0, 8.0)
"""After the first failed try, and after the second."""
SOON = timedelta(seconds=max(TRY_PAUSES_S))
"""What waits no longer is watched, so that it does not wait for a look."""
FREE_LOSSES, LOSS_PAUSE_S, MAX_LOSS_PAUSE_S = 3, 0.5, 5.0
"""Who kills its workers again and again is begun ever later."""
MAX_LOSSES = 40
AWAY_PAUSE_S = 15.0


async def create(tx: AsyncSession, ask: CreateJob, *, now: datetime) -> JobRow:
    """Queue a job.

    Raises `SessionUnknown`, `JobRangeEmpty`, `JobRangeMixed`, `JobRangeTooLong`.
    """
    settled = await job_range.settle(tx, ask.tenant, ask.params)
    return await enqueue(
        tx,
        ask.tenant,
        settled.params,
        stream=settled.stream,
        session=ask.params.session,
        size=ask.size,
        priority=ask.priority,
        now=now,
    )


async def enqueue(
    tx: AsyncSession,
    tenant: str,
    params: dict[str, Any],
    *,
    stream: str | None = None,
    session: str | None = None,
    size: JobSize | None = None,
    priority: int = 0,
    now: datetime,
) -> JobRow:
    """Queue a job whose `params`, of `libs.events.GrantParams`, are settled."""
    rows = await enqueue_all(
        tx, tenant, [params], stream=stream, session=session, size=size, priority=priority, now=now
    )
    return rows[0]


async def enqueue_all(
    tx: AsyncSession,
    tenant: str,
    wanted: Sequence[dict[str, Any]],
    *,
    stream: str | None = None,
    session: str | None = None,
    size: JobSize | None = None,
    priority: int = 0,
    now: datetime,
) -> list[JobRow]:
    """The same of several of one kind, to be begun in their order."""
    kind, name = wanted[0]["kind"], secrets.token_hex(5)
    rows = [
        JobRow(
            # Jobs of one moment are begun in the order of their names.
            id=f"{kind}-{name}{number:06x}",
            tenant_id=tenant,
            kind=kind,
            stream_id=stream,
            session_id=session,
            state="queued",
            attempt=0,
            progress=0.0,
            requested_at=now,
            offered_at=now,
            updated_at=now,
            params=params,
            size=size or USUAL_SIZES[kind],
            priority=priority,
            orders=0,
            tries=0,
            losses=0,
            is_on_bus=False,
            traceparent=traceparent(),
        )
        for number, params in enumerate(wanted)
    ]
    tx.add_all(rows)
    await tx.flush()
    await say_orders(tx, kind, now=now)
    return rows


async def say_orders(tx: AsyncSession, kind: str, *, now: datetime) -> None:
    """Let the most urgent jobs of a kind wait on the bus, up to `ON_BUS` of them."""
    queued = (JobRow.kind == kind, JobRow.state == "queued")
    count = select(func.count()).select_from(JobRow).where(*queued, JobRow.is_on_bus)
    there = (await tx.execute(count)).scalar_one()
    if there >= ON_BUS:
        return
    query = (
        select(JobRow)
        .where(
            *queued,
            ~JobRow.is_on_bus,
            or_(JobRow.waits_until.is_(None), JobRow.waits_until <= now),
        )
        .order_by(JobRow.priority.desc(), JobRow.requested_at, JobRow.id)
        .limit(ON_BUS - there)
        .with_for_update(skip_locked=True)
    )
    for row in (await tx.execute(query)).scalars():
        await order(tx, row, now=now)


async def order(tx: AsyncSession, row: JobRow, *, now: datetime) -> None:
    """Say the order of a queued job (again)."""
    row.orders += 1
    row.is_on_bus, row.offered_at = True, now
    await tx.flush()
    message = FINITE_ORDERS[row.kind](
        job=row.id, offer=row.orders, tenant=row.tenant_id, size=cast("JobSize", row.size)
    )
    await outbox.add(tx, message, tenant=row.tenant_id, now=now, traceparent=row.traceparent)
    metrics.OFFERS.inc()


async def begin(tx: AsyncSession, ask: BeginJob, *, now: datetime) -> JobGrant:
    """Open an attempt. Raises `JobUnknown`, `JobUnwanted`."""
    row = await job_rows.lock(tx, ask.job)
    is_early = row.waits_until is not None and row.waits_until > now
    if row.kind not in KINDS or row.state != "queued" or is_early:
        raise JobUnwanted(f"Job {row.id} is not to be begun now: it is {row.state}.")
    row.attempt += 1
    row.state, row.progress, row.is_on_bus, row.updated_at = "running", 0.0, False, now
    tx.add(
        JobAttemptRow(
            job_id=row.id,
            number=row.attempt,
            tenant_id=row.tenant_id,
            worker=ask.worker,
            state="running",
            progress=0.0,
            started_at=now,
            is_litter=False,
        )
    )
    await tx.flush()
    await say_orders(tx, row.kind, now=now)
    return JobGrant.model_validate(
        {
            "job": row.id,
            "attempt": row.attempt,
            "tenant": row.tenant_id,
            "stream": row.stream_id,
            "params": row.params,
            "size": row.size,
            "folder": folder(row.tenant_id, row.id, row.attempt),
        }
    )


def folder(tenant: str, job: str, attempt: int) -> str:
    """Where in the store an attempt puts what it makes."""
    return f"jobs/{tenant}/{job}/{attempt}"


# --- what is said of an attempt ---------------------------------------------------------


async def progressed(tx: AsyncSession, row: JobRow, fact: JobProgressed, *, now: datetime) -> None:
    """Progress never goes back within an attempt."""
    attempt = await _running(tx, row, fact.attempt)
    if attempt is not None:
        row.progress = attempt.progress = max(attempt.progress, fact.progress)
        row.updated_at = now
        await tx.flush()


async def completed(tx: AsyncSession, row: JobRow, fact: JobCompleted, *, now: datetime) -> None:
    """Take the result, if it is that of the attempt that counts."""
    attempt = await _running(tx, row, fact.attempt)
    if attempt is None:
        await _refuse(tx, row, fact.attempt)
        return
    attempt.state, attempt.ended_at, attempt.progress = "completed", now, 1.0
    row.state, row.progress, row.result, row.updated_at = "completed", 1.0, fact.result or {}, now
    row.error_code = row.reason = None
    await tx.flush()
    await usage.note_job_time(tx, attempt, now=now)


async def failed(tx: AsyncSession, row: JobRow, fact: JobFailed, *, now: datetime) -> None:
    attempt = await _running(tx, row, fact.attempt)
    if attempt is not None:
        state: AttemptState = "returned" if fact.fault in {"none", "away"} else "failed"
        await _end(tx, row, attempt, state, fact.code, fact.reason, now=now)
        await _go_on(tx, row, fact.fault, now=now)


async def lost(tx: AsyncSession, row: JobRow, number: int, *, now: datetime) -> None:
    """Nothing was heard of an attempt's worker for too long."""
    attempt = await _running(tx, row, number)
    if attempt is not None:
        reason = f"The worker {attempt.worker} does not answer any more."
        await _end(tx, row, attempt, "lost", "worker_lost", reason, now=now)
        await _go_on(tx, row, "worker", now=now)


async def cancel(tx: AsyncSession, ask: CancelJob, *, now: datetime) -> JobRow:
    """Raises `JobUnknown`, `JobLive`."""
    row = await job_rows.lock(tx, ask.job)
    if row.tenant_id != ask.tenant:
        raise job_rows.unknown(ask.job)
    if row.kind not in KINDS:
        raise JobLive("A live job ends with its session; change the stream's settings instead.")
    if row.state not in OPEN_STATES:
        return row
    attempt = await _running(tx, row, row.attempt)
    if attempt is not None:
        await _end(tx, row, attempt, "cancelled", "cancelled", "It was cancelled.", now=now)
    row.state, row.is_on_bus, row.updated_at = "cancelled", False, now
    await tx.flush()
    await outbox.add(tx, JobCancelled(job=row.id), tenant=row.tenant_id, now=now)
    await say_orders(tx, row.kind, now=now)
    return row


async def cancel_all(tx: AsyncSession, tenant: str, stream: str, *, now: datetime) -> None:
    """Every finite job of a stream, or of an asset, that is not over."""
    query = select(JobRow.id).where(
        JobRow.tenant_id == tenant,
        JobRow.stream_id == stream,
        JobRow.kind.in_(KINDS),
        JobRow.state.in_(OPEN_STATES),
    )
    for job in (await tx.execute(query)).scalars().all():
        await cancel(tx, CancelJob(tenant=tenant, job=job), now=now)


# --- within -----------------------------------------------------------------------------


async def _running(tx: AsyncSession, row: JobRow, number: int) -> JobAttemptRow | None:
    """The attempt, if it is the one that counts."""
    if row.state != "running" or number != row.attempt:
        return None
    return await tx.get_one(JobAttemptRow, (row.id, number))


async def _end(
    tx: AsyncSession,
    row: JobRow,
    attempt: JobAttemptRow,
    state: AttemptState,
    code: str,
    reason: str,
    *,
    now: datetime,
) -> None:
    attempt.state, attempt.ended_at, attempt.is_litter = state, now, True
    attempt.error_code = row.error_code = code
    attempt.reason = row.reason = reason
    row.updated_at = now
    await tx.flush()
    await usage.note_job_time(tx, attempt, now=now)
    log.info("job.attempt_ended", job=row.id, attempt=attempt.number, state=state, code=code)


async def _go_on(tx: AsyncSession, row: JobRow, fault: JobFault, *, now: datetime) -> None:
    """Queue it again, or give it up."""
    row.tries += fault == "job"
    row.losses += fault == "worker"
    row.state = "queued"
    match fault:
        case "job" if row.tries < MAX_TRIES:
            pause_s = TRY_PAUSES_S[row.tries - 1]
        case "worker" if row.losses < MAX_LOSSES:
            pause_s = min(max(row.losses - FREE_LOSSES, 0) * LOSS_PAUSE_S, MAX_LOSS_PAUSE_S)
        case "away":
            pause_s = AWAY_PAUSE_S
        case "none":
            pause_s = 0.0
        case _:
            row.state, pause_s = "failed", 0.0
            log.warning("job.failed", job=row.id, code=row.error_code, reason=row.reason)
    row.waits_until = now + timedelta(seconds=pause_s) if pause_s else None
    await tx.flush()
    await say_orders(tx, row.kind, now=now)


async def _refuse(tx: AsyncSession, row: JobRow, number: int) -> None:
    """A result that came too late: what it put into the store counts for nothing.

    (Or the result that was taken, told of twice.)
    """
    attempt = await tx.get(JobAttemptRow, (row.id, number))
    if attempt is not None and attempt.state != "completed":
        attempt.is_litter = True
        await tx.flush()
        log.info("job.result_refused", job=row.id, attempt=number, newest=row.attempt)


def due(now: datetime) -> Any:
    """Queries the finite jobs that somebody has to look at: (id, kind, state, attempt, orders,
    offered_at, started_at, is_on_bus).
    """
    is_due_soon = or_(JobRow.waits_until.is_(None), JobRow.waits_until <= now + SOON)
    return (
        select(
            JobRow.id,
            JobRow.kind,
            JobRow.state,
            JobRow.attempt,
            JobRow.orders,
            JobRow.offered_at,
            JobAttemptRow.started_at,
            JobRow.is_on_bus,
        )
        .outerjoin(
            JobAttemptRow,
            (JobAttemptRow.job_id == JobRow.id) & (JobAttemptRow.number == JobRow.attempt),
        )
        .where(
            JobRow.kind.in_(KINDS),
            or_(
                JobRow.state == "running",
                (JobRow.state == "queued") & or_(JobRow.is_on_bus, is_due_soon),
            ),
        )
        # Those that run first: of those that wait, some are enough.
        .order_by(JobRow.state.desc(), JobRow.priority.desc(), JobRow.requested_at)
    )
