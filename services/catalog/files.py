"""Files made of what is on air: promised when they are asked for, there when they are stored."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    FileKind,
    GetFile,
    ListFiles,
    RecordedFile,
    RecordedFiles,
    StoredStill,
)
from services.catalog import discards, page, sessions, streams
from services.catalog.database import insert_new, insert_new_of
from services.catalog.errors import FileUnknown
from services.catalog.models import FileRow, JobRow, SessionRow
from services.catalog.recording_plan import FileSpan


class Promise(NamedTuple):
    """The file of these rows will be made."""

    session: SessionRow
    key: str
    kind: FileKind
    span: FileSpan
    job: str | None = None


async def promise(
    tx: AsyncSession,
    session: SessionRow,
    key: str,
    kind: FileKind,
    span: FileSpan,
    *,
    job: str | None = None,
) -> bool:
    """Write down that the file will be made; whether it was not known."""
    return await insert_new(tx, FileRow, _values(Promise(session, key, kind, span, job)))


async def promise_all(tx: AsyncSession, promises: Sequence[Promise]) -> set[tuple[Any, ...]]:
    """Tenant and key of those that were not known."""
    if not promises:
        return set()
    rows = [_values(each) for each in promises]
    return await insert_new_of(tx, FileRow, rows, ("tenant_id", "key"))


def _values(promised: Promise) -> dict[str, Any]:
    session, span, is_still = promised.session, promised.span, promised.kind == "jpeg"
    return {
        "tenant_id": session.tenant_id,
        "key": promised.key,
        "stream_id": session.stream_id,
        "session_id": session.id,
        "kind": promised.kind,
        "state": "pending",
        "job_id": promised.job,
        "object_key": None,
        "starts_at": span.starts_at,
        "ends_at": span.starts_at if is_still else span.ends_at,
        "duration_s": 0.0 if is_still else span.duration_s,
        "size_bytes": 0,
        "first_msn": span.first_msn,
        "last_msn": span.last_msn,
    }


async def stills_stored(tx: AsyncSession, stored: Sequence[StoredStill], *, now: datetime) -> None:
    """A picture that nobody knows any more was let go of before it was made."""
    said = {(still.tenant, still.key): still for still in stored}
    rows: dict[tuple[str, str], FileRow] = {}
    for tenant, names in groupby(sorted(said), key=itemgetter(0)):
        # A list of whole keys would make SQLite read all files.
        keys = [key for _, key in names]
        query = select(FileRow).where(FileRow.tenant_id == tenant, FileRow.key.in_(keys))
        rows |= {(tenant, row.key): row for row in (await tx.execute(query)).scalars()}
    for name in said.keys() - rows.keys():
        await discards.put(tx, name[0], {name[1]: said[name].size_bytes}, due_at=now)
    if rows:
        there = [(row, said[name].key, said[name].size_bytes) for name, row in rows.items()]
        await _are_there(tx, there)


async def follow_job(tx: AsyncSession, job: JobRow) -> FileRow | None:
    """A file is there with its job's result, and given up with its job; it, if it is there."""
    if job.state not in {"completed", "failed", "cancelled"}:
        return None
    query = select(FileRow).where(FileRow.job_id == job.id)
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        return None
    made = job.result or {}
    if "object_key" in made:
        await _are_there(tx, [(row, made["object_key"], made["size_bytes"])])
        return row
    row.state = "failed"
    return None


async def list_page(tx: AsyncSession, ask: ListFiles) -> RecordedFiles:
    """Newest first. Raises `StreamUnknown`, `CursorInvalid`."""
    await streams.get(tx, ask.tenant, ask.stream)
    query = select(FileRow).where(FileRow.tenant_id == ask.tenant, FileRow.stream_id == ask.stream)
    if ask.kind is not None:
        query = query.where(FileRow.kind == ask.kind)
    if ask.from_at is not None:
        query = query.where(FileRow.starts_at >= ask.from_at)
    if ask.until_at is not None:
        query = query.where(FileRow.starts_at < ask.until_at)
    if ask.after is not None:
        query = query.where(tuple_(FileRow.starts_at, FileRow.key) < page.read_cursor(ask.after))
    query = query.order_by(FileRow.starts_at.desc(), FileRow.key.desc()).limit(ask.limit + 1)
    answers = [_answer(row) for row in (await tx.execute(query)).scalars()]
    files, has_more = page.fit(answers, ask.limit)
    after = page.write_cursor(files[-1].starts_at, files[-1].key) if has_more else None
    return RecordedFiles(files=files, next_after=after)


async def get(tx: AsyncSession, ask: GetFile) -> RecordedFile:
    """Raises `FileUnknown`."""
    row = await tx.get(FileRow, (ask.tenant, ask.key))
    if row is None:
        raise FileUnknown(f"There is no file {ask.key[:200]!r}.")
    return _answer(row)


async def _are_there(tx: AsyncSession, stored: Sequence[tuple[FileRow, str, int]]) -> None:
    """Files are stored under these object keys, in so many bytes; which may be said twice."""
    found = await sessions.lock_known(tx, {row.session_id for row, _, _ in stored})
    for row, object_key, size_bytes in stored:
        found[row.session_id].files_bytes += size_bytes - row.size_bytes
        row.state, row.object_key, row.size_bytes = "ready", object_key, size_bytes
    await tx.flush()


def _answer(row: FileRow) -> RecordedFile:
    return RecordedFile.model_validate(
        {
            "stream": row.stream_id,
            "session": row.session_id,
            "kind": row.kind,
            "state": row.state,
            "key": row.key,
            "object_key": row.object_key,
            "starts_at": row.starts_at,
            "duration_s": row.duration_s,
            "size_bytes": row.size_bytes,
            "first_msn": row.first_msn,
            "last_msn": row.last_msn,
            "job": row.job_id,
        }
    )
