"""Storyboards: each sheet is a file that a job makes, and goes with the rows that it shows."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import CreateJob, GetStoryboard, Sheet, Storyboard, StoryboardParams
from services.catalog import files, jobs, renditions, runs, sessions
from services.catalog.errors import (
    SessionUnknown,
    StoryboardEmpty,
    StoryboardsTooMany,
    StoryboardTooEarly,
)
from services.catalog.models import FileRow, JobRow, SessionRow
from services.catalog.runs import Run

MAX_PENDING = 10
"""Of a stream: whoever may watch it may ask for them."""
SETTLED = timedelta(seconds=60)
"""A window that ended so long ago gets no more rows."""


async def get(tx: AsyncSession, ask: GetStoryboard, *, now: datetime) -> Storyboard:
    """Raises `SessionUnknown`, `StoryboardEmpty`, `StoryboardTooEarly`, `StoryboardsTooMany`."""
    found = await _runs(tx, ask, now)
    if not found:
        raise StoryboardEmpty("Nothing of this is recorded.")
    rows = [await _file(tx, run) for run in found]
    room = MAX_PENDING - await _pending(tx, ask)
    for index, run in enumerate(found):
        if rows[index] is None and room > 0:
            rows[index], room = await _order(tx, run, now), room - 1
    if None in rows and not any(row is not None and row.state == "pending" for row in rows):
        raise StoryboardsTooMany("Too many storyboards are being made; ask again in a while.")
    sheets, begins_s = [], 0.0
    for run, row in zip(found, rows, strict=True):
        sheets.append(await _sheet(tx, run, row, begins_s))
        begins_s += run.span_s
    return Storyboard(sheets=tuple(sheets))


async def _runs(tx: AsyncSession, ask: GetStoryboard, now: datetime) -> list[Run]:
    if ask.session is not None:
        session = await sessions.get_locked(tx, ask.session)
        if session is None or (session.tenant_id, session.stream_id) != (ask.tenant, ask.stream):
            raise SessionUnknown(f"{ask.stream[:64]} has no session {ask.session[:64]!r}.")
        is_over = session.ended_at is not None and (
            now - session.ended_at > SETTLED or await renditions.is_listed(tx, session, "source")
        )
        is_over = is_over and not sessions.is_in_the_making(session)
        if not is_over:
            raise StoryboardTooEarly("A session has a storyboard once it is over.")
        return await runs.of_session(tx, session)
    assert ask.from_at is not None
    assert ask.until_at is not None
    if ask.until_at > now - SETTLED:
        raise StoryboardTooEarly("A window has a storyboard a minute after its end.")
    return await runs.of_window(tx, ask.tenant, ask.stream, ask.from_at, ask.until_at)


async def _sheet(tx: AsyncSession, run: Run, row: FileRow | None, begins_s: float) -> Sheet:
    """One that has no row yet is ordered when the storyboard is asked for again."""
    job_id = row.job_id if row is not None else None
    job = await tx.get(JobRow, job_id) if job_id is not None else None
    told = (job.result or {}) if job is not None else {}
    state = row.state if row is not None else "pending"
    sheet = {"state": state, "begins_s": begins_s, "ends_s": begins_s + run.span_s}
    if state == "ready":
        names = ("columns", "tile_width", "tile_height", "size_bytes", "object_key")
        sheet |= {name: told[name] for name in names}
        sheet["tiles"] = [(at_ms - run.first.start_ms) / 1000 for at_ms in told["tiles_ms"]]
    return Sheet.model_validate(sheet)


async def _file(tx: AsyncSession, run: Run) -> FileRow | None:
    return await tx.get(FileRow, (run.first.tenant_id, _key(run)))


async def _order(tx: AsyncSession, run: Run, now: datetime) -> FileRow:
    first, last = run
    params = StoryboardParams(session=first.session_id, first_msn=first.msn, last_msn=last.msn)
    job = await jobs.create(tx, CreateJob(tenant=first.tenant_id, params=params), now=now)
    session = await tx.get_one(SessionRow, first.session_id)
    await files.promise(tx, session, _key(run), "storyboard", run.span, job=job.id)
    return await tx.get_one(FileRow, (first.tenant_id, _key(run)))


def _key(run: Run) -> str:
    first, last = run
    return f"{first.stream_id}/storyboards/{first.session_id}/{first.msn}-{last.msn}.jpg"


async def _pending(tx: AsyncSession, ask: GetStoryboard) -> int:
    """How many are being made of the stream."""
    pending = select(func.count()).where(
        FileRow.tenant_id == ask.tenant,
        FileRow.stream_id == ask.stream,
        FileRow.kind == "storyboard",
        FileRow.state == "pending",
    )
    return (await tx.execute(pending)).scalar_one()
