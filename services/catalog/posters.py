"""Posters: of a session one picture, made once by a job, that goes with the rows that it shows."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import CreateJob, GetPoster, Poster, PosterParams
from libs.names import SOURCE
from services.catalog import files, jobs, renditions, runs, sessions
from services.catalog.errors import (
    PosterEmpty,
    PostersTooMany,
    PosterTooEarly,
    SessionUnknown,
)
from services.catalog.models import FileRow, SessionRow

MAX_PENDING = 10
"""Of a stream: whoever may watch it may ask for them."""
SETTLED = timedelta(seconds=60)
"""A session that ended so long ago gets no more rows."""


async def get(tx: AsyncSession, ask: GetPoster, *, now: datetime) -> Poster:
    """Raises `SessionUnknown`, `PosterTooEarly`, `PosterEmpty`, `PostersTooMany`."""
    session = await sessions.get_locked(tx, ask.session)
    if session is None or (session.tenant_id, session.stream_id) != (ask.tenant, ask.stream):
        raise SessionUnknown(f"{ask.stream[:64]} has no session {ask.session[:64]!r}.")
    known = await tx.get(FileRow, (session.tenant_id, _key(session)))
    if known is not None:
        return _show(known)
    is_over = session.ended_at is not None and (
        now - session.ended_at > SETTLED or await renditions.is_listed(tx, session, SOURCE)
    )
    if not is_over or sessions.is_in_the_making(session):
        raise PosterTooEarly("A session has a poster once it is over.")
    if await _pending(tx, ask) >= MAX_PENDING:
        raise PostersTooMany("Too many posters are being made; ask again in a while.")
    return _show(await order(tx, session, now=now))


async def order(tx: AsyncSession, session: SessionRow, *, now: datetime) -> FileRow:
    """Raises `PosterEmpty`."""
    found = await runs.of_session(tx, session)
    if not found:
        raise PosterEmpty("Nothing of this is recorded.")
    (run,) = found
    params = PosterParams(session=session.id, first_msn=run.first.msn, last_msn=run.last.msn)
    job = await jobs.create(tx, CreateJob(tenant=session.tenant_id, params=params), now=now)
    await files.promise(tx, session, _key(session), "poster", run.span, job=job.id)
    return await tx.get_one(FileRow, (session.tenant_id, _key(session)))


def _key(session: SessionRow) -> str:
    return f"{session.stream_id}/posters/{session.id}.jpg"


def _show(row: FileRow) -> Poster:
    return Poster.model_validate(
        {"state": row.state, "object_key": row.object_key, "size_bytes": row.size_bytes}
    )


async def _pending(tx: AsyncSession, ask: GetPoster) -> int:
    """How many are being made of the stream."""
    pending = select(func.count()).where(
        FileRow.tenant_id == ask.tenant,
        FileRow.stream_id == ask.stream,
        FileRow.kind == "poster",
        FileRow.state == "pending",
    )
    return (await tx.execute(pending)).scalar_one()
