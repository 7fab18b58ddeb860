"""Offers of live jobs: each is open while its session is, and offered again until that is done.

Finite jobs, which end by themselves, are in `jobs`.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    JobCompleted,
    JobFailed,
    JobProgressed,
    Message,
    PackageRequested,
    RelayRequested,
    TranscodeRequested,
)
from libs.names import SOURCE
from services.catalog import metrics, outbox, renditions
from services.catalog.models import JobRow, SessionRow

PACKAGE, RELAY, TRANSCODE = "package", "relay", "transcode"
LIVE_KINDS = (PACKAGE, RELAY, TRANSCODE)
"""Kinds that are open while their session is and while they are wanted; held by a lease."""
OPEN_STATES = ("offered", "running")

Silent = tuple[int, int] | None


def live_job_id(kind: str, session: str, *rest: str) -> str:
    """A live job's name is its natural key: there is one of it in a session."""
    return "-".join((kind, session, *rest))


def lease_key(job_id: str) -> str:
    """The lease under which a live job is done: `<kind>.<rest of its name>`."""
    return job_id.replace("-", ".", 1)


async def request_package(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    """Offer the session's package job, unless it has one already."""
    job_id = live_job_id(PACKAGE, session.id)
    if await tx.get(JobRow, job_id) is None:
        await _request(tx, job_id, PACKAGE, session, now=now)


async def request(
    tx: AsyncSession, kind: str, session: SessionRow, *rest: str, now: datetime
) -> None:
    """Offer a relay's or transcoder's job, unless it is open; one that was withdrawn is taken up
    again.
    """
    job_id = live_job_id(kind, session.id, *rest)
    row = await tx.get(JobRow, job_id, with_for_update=True)
    if row is None:
        await _request(tx, job_id, kind, session, now=now)
    elif row.state not in OPEN_STATES:
        row.reason = None
        await offer(tx, row, session, now=now)


async def withdraw(tx: AsyncSession, kind: str, session: str, *rest: str, now: datetime) -> None:
    """The job is not wanted any more; its worker hears so by another way."""
    row = await tx.get(JobRow, live_job_id(kind, session, *rest), with_for_update=True)
    if row is not None:
        await _settle(tx, row, "completed", now, "withdrawn")


async def complete_with(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    """The session is over, and with it its pushes and its ladder."""
    query = select(JobRow).where(
        JobRow.session_id == session.id,
        JobRow.kind.in_((RELAY, TRANSCODE)),
        JobRow.state.in_(OPEN_STATES),
    )
    for row in (await tx.execute(query.with_for_update())).scalars():
        await _settle(tx, row, "completed", now)


async def offer(
    tx: AsyncSession,
    row: JobRow,
    session: SessionRow,
    *,
    now: datetime,
    silent: Silent = None,
) -> None:
    """Offer a live job (again): each offer is an attempt, and a message of its own.

    `silent`: epoch and beat of the last holder's lease, which has fallen silent.
    """
    row.attempt += 1
    row.state, row.offered_at, row.updated_at = "offered", now, now
    await tx.flush()
    order = _order(row, session, silent)
    await outbox.add(tx, order, tenant=session.tenant_id, now=now, traceparent=session.traceparent)
    metrics.OFFERS.inc()


async def open_live_jobs(tx: AsyncSession) -> list[tuple[JobRow, SessionRow]]:
    query = (
        select(JobRow, SessionRow)
        .join(SessionRow, JobRow.session_id == SessionRow.id)
        .where(JobRow.kind.in_(LIVE_KINDS), JobRow.state.in_(OPEN_STATES))
        .order_by(JobRow.requested_at, JobRow.id)
    )
    return [(job, session) for job, session in await tx.execute(query)]


async def complete_if_packaged(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    """End the package job once the session takes no more tags and its last segment is listed.

    Whoever sees the job completed may rely on the session's rows.
    """
    if session.ended_at is None or not await renditions.is_listed(tx, session, SOURCE):
        return
    row = await tx.get(JobRow, live_job_id(PACKAGE, session.id), with_for_update=True)
    if row is not None:
        await _settle(tx, row, "completed", now)


async def progressed(tx: AsyncSession, row: JobRow, fact: JobProgressed, *, now: datetime) -> None:
    """Progress never goes back."""
    if row.state not in OPEN_STATES or fact.attempt < row.attempt:
        return
    row.state, row.progress = "running", max(row.progress, fact.progress)
    row.updated_at = now
    await tx.flush()


async def completed(tx: AsyncSession, row: JobRow, _: JobCompleted, *, now: datetime) -> None:
    """Whichever attempt did the work."""
    await _settle(tx, row, "completed", now)


async def failed(tx: AsyncSession, row: JobRow, fact: JobFailed, *, now: datetime) -> None:
    """A live job is not over because a worker failed: it stays open, and is offered again.

    Nothing changes if a later attempt is under way.
    """
    if row.state in OPEN_STATES and fact.attempt >= row.attempt:
        row.reason, row.updated_at = f"{fact.code}: {fact.reason}", now
        await tx.flush()


async def give_up(tx: AsyncSession, row: JobRow, reason: str, *, now: datetime) -> None:
    await _settle(tx, row, "failed", now, reason)


async def _request(
    tx: AsyncSession, job_id: str, kind: str, session: SessionRow, *, now: datetime
) -> None:
    row = JobRow(
        id=job_id,
        tenant_id=session.tenant_id,
        kind=kind,
        stream_id=session.stream_id,
        session_id=session.id,
        state="offered",
        attempt=0,
        progress=0.0,
        requested_at=now,
        offered_at=now,
        updated_at=now,
    )
    tx.add(row)
    await offer(tx, row, session, now=now)


def _order(row: JobRow, session: SessionRow, silent: Silent) -> Message:
    shared: dict[str, Any] = {
        "job": row.id,
        "attempt": row.attempt,
        "tenant": session.tenant_id,
        "stream": session.stream_id,
        "session": session.id,
        "origin_url": session.origin_url,
        "silent": silent,
    }
    match row.kind:
        case "package":
            return PackageRequested(
                **shared,
                segment_s=session.segment_s,
                playlist_segments=session.playlist_segments,
            )
        case "relay":
            target = row.id.removeprefix(live_job_id(RELAY, session.id, ""))
            return RelayRequested(**shared, target=target)
        case _:
            return TranscodeRequested(**shared)


async def _settle(
    tx: AsyncSession,
    row: JobRow,
    state: Literal["completed", "failed"],
    now: datetime,
    reason: str | None = None,
) -> None:
    """The first end of a job is its end, but work that was done outweighs giving up."""
    if row.state in OPEN_STATES or (row.state == "failed" and state == "completed"):
        row.state, row.reason, row.updated_at = state, reason, now
        row.progress = 1.0 if state == "completed" else row.progress
        await tx.flush()
