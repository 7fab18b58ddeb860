"""Named clips. A clip is a hold with a name: nothing is copied until a file of it is asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    MAX_RANGES,
    CancelJob,
    Clip,
    ClipExport,
    Clips,
    CreateClip,
    CreateHold,
    CreateJob,
    DeleteClip,
    ExportClip,
    GetClip,
    ListClips,
    RemuxParams,
)
from services.catalog import exports, holds, jobs, page, quotas, runs, streams
from services.catalog.errors import (
    ClipInvalid,
    ClipMixed,
    ClipNotOver,
    ClipUnknown,
    JobRangeEmpty,
    JobRangeTooLong,
)
from services.catalog.models import HoldRow, JobRow

MAX_NAME_CHARS = 200
LONGEST = timedelta(hours=24)
"""As a window that is played."""
GRACE = timedelta(seconds=60)
"""Who downloads a file when its clip is deleted, still gets it."""
_GIVEN_UP = ("failed", "cancelled")


async def create(tx: AsyncSession, ask: CreateClip, *, now: datetime) -> Clip:
    """Raises `StreamUnknown`, `ClipInvalid`, `HoldsTooMany`."""
    name = ask.title.strip()
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise ClipInvalid(f"A clip's name has 1 to {MAX_NAME_CHARS} characters.")
    if not timedelta() < ask.until_at - ask.from_at <= LONGEST:
        hours = LONGEST // timedelta(hours=1)
        raise ClipInvalid(f"A clip ends after it begins, and lasts {hours} hours at most.")
    hold = CreateHold(
        tenant=ask.tenant,
        stream=ask.stream,
        from_at=ask.from_at,
        until_at=ask.until_at,
        cause="clip",
    )
    row = await holds.add(tx, hold, now=now)
    row.name = name
    await tx.flush()
    return await _answer(tx, row)


async def list_page(tx: AsyncSession, ask: ListClips) -> Clips:
    """Raises `StreamUnknown`, `CursorInvalid`."""
    await streams.get(tx, ask.tenant, ask.stream)
    query = select(HoldRow).where(
        HoldRow.tenant_id == ask.tenant,
        HoldRow.stream_id == ask.stream,
        HoldRow.name.is_not(None),
    )
    if ask.after is not None:
        query = query.where(tuple_(HoldRow.from_at, HoldRow.id) < page.read_cursor(ask.after))
    query = query.order_by(HoldRow.from_at.desc(), HoldRow.id.desc()).limit(ask.limit + 1)
    answers = [await _answer(tx, row) for row in (await tx.execute(query)).scalars()]
    clips, has_more = page.fit(answers, ask.limit)
    after = page.write_cursor(clips[-1].from_at, clips[-1].id) if has_more else None
    return Clips(clips=clips, next_after=after)


async def get(tx: AsyncSession, ask: GetClip) -> Clip:
    """Raises `ClipUnknown`."""
    return await _answer(tx, await _row(tx, ask.tenant, ask.stream, ask.id))


async def delete(tx: AsyncSession, ask: DeleteClip, *, now: datetime) -> None:
    """Raises `ClipUnknown`."""
    row = await _row(tx, ask.tenant, ask.stream, ask.id)
    if row.job_id is not None:
        job = await jobs.cancel(tx, CancelJob(tenant=ask.tenant, job=row.job_id), now=now)
        await exports.forget(tx, job, due_at=now + GRACE)
    await tx.delete(row)


async def export(tx: AsyncSession, ask: ExportClip, *, now: datetime) -> Clip:
    """Ask for the file, unless it is there or being made.

    Raises `ClipUnknown`, `ClipNotOver`, `ClipMixed`, `JobRangeEmpty`, `JobRangeTooLong`,
    `QuotaBusy`, `StorageFull`.
    """
    row = await _row(tx, ask.tenant, ask.stream, ask.id)
    before = await tx.get(JobRow, row.job_id) if row.job_id is not None else None
    if before is None or before.state in _GIVEN_UP:
        if row.until_at > now:
            raise ClipNotOver("The clip ends in the future; a file of it can be made then.")
        await quotas.check_jobs(tx, ask.tenant, now=now)
        params = await _range(tx, row)
        job = await jobs.create(tx, CreateJob(tenant=ask.tenant, params=params), now=now)
        await exports.promise(tx, job)
        row.job_id = job.id
        await tx.flush()
    return await _answer(tx, row)


async def _range(tx: AsyncSession, clip: HoldRow) -> RemuxParams:
    """The rows that show all of the clip, of each session in it."""
    found = await runs.of_window(tx, clip.tenant_id, clip.stream_id, clip.from_at, clip.until_at)
    if not found:
        raise JobRangeEmpty("Nothing is recorded within this clip.")
    if len(found) > MAX_RANGES:
        raise JobRangeTooLong(
            f"The stream began {len(found)} times within this clip, and a file is made of "
            f"{MAX_RANGES} sessions at most; make several clips."
        )
    change = await runs.first_change(tx, found)
    if change is not None:
        at = change.starts_at.astimezone(UTC).isoformat(timespec="milliseconds")
        raise ClipMixed(
            f"The {change.kind} is encoded with other settings from {at} on, and a file has one "
            "of each; make a clip up to then, and another one from then on."
        )
    return runs.joined(found)


async def _row(tx: AsyncSession, tenant: str, stream: str, clip_id: str) -> HoldRow:
    row = await tx.get(HoldRow, clip_id)
    if row is None or (row.tenant_id, row.stream_id) != (tenant, stream) or row.name is None:
        raise ClipUnknown(f"Stream {stream[:64]!r} has no clip {clip_id[:64]!r}.")
    return row


async def _answer(tx: AsyncSession, row: HoldRow) -> Clip:
    job = await tx.get(JobRow, row.job_id) if row.job_id is not None else None
    values: dict[str, Any] = {
        "id": row.id,
        "stream": row.stream_id,
        "name": row.name,
        "from_at": row.from_at,
        "until_at": row.until_at,
        "created_at": row.created_at,
        "export": None if job is None else _export(job),
    }
    return Clip.model_validate(values)


def _export(job: JobRow) -> ClipExport:
    result = job.result or {}
    values = {"job": job.id, "state": job.state}
    return ClipExport.model_validate(
        values | {key: result.get(key) for key in ("object_key", "size_bytes")}
    )
