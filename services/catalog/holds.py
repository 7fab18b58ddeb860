"""Holds: what is kept although retention would let go of it."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import CreateHold, DeleteHold, Hold, Holds, ListHolds
from services.catalog import page, streams
from services.catalog.errors import HoldInvalid, HoldOfAsset, HoldOfClip, HoldsTooMany, HoldUnknown
from services.catalog.models import AssetRow, FileRow, HoldRow, SegmentRow

MAX_HOLDS = 10_000
"""Of one stream."""
MAX_NOTE_CHARS = 500
LONGEST_SEGMENT = timedelta(seconds=60)
"""A segment that begins this long before a hold may reach into it."""


async def create(tx: AsyncSession, ask: CreateHold, *, now: datetime) -> Hold:
    """Raises `StreamUnknown`, `HoldInvalid`, `HoldsTooMany`."""
    return _answer(await add(tx, ask, now=now))


async def add(tx: AsyncSession, ask: CreateHold, *, now: datetime) -> HoldRow:
    """Raises `StreamUnknown`, `HoldInvalid`, `HoldsTooMany`."""
    await streams.lock(tx, ask.stream, tenant=ask.tenant)
    if ask.from_at >= ask.until_at:
        raise HoldInvalid("A hold ends after it begins.")
    if len(ask.note) > MAX_NOTE_CHARS:
        raise HoldInvalid(f"A hold's note has at most {MAX_NOTE_CHARS} characters.")
    count = select(func.count()).where(*_of(ask.tenant, ask.stream))
    if (await tx.execute(count)).scalar_one() >= MAX_HOLDS:
        raise HoldsTooMany(f"A stream has at most {MAX_HOLDS} holds; delete some.")
    row = HoldRow(
        id=str(uuid.uuid4()),
        tenant_id=ask.tenant,
        stream_id=ask.stream,
        from_at=ask.from_at,
        guards_from_at=ask.from_at - LONGEST_SEGMENT,
        until_at=ask.until_at,
        cause=ask.cause,
        note=ask.note,
        created_at=now,
    )
    tx.add(row)
    await tx.flush()
    return row


async def list_page(tx: AsyncSession, ask: ListHolds) -> Holds:
    """The earliest first. Raises `StreamUnknown`, `CursorInvalid`."""
    await streams.get(tx, ask.tenant, ask.stream)
    query = select(HoldRow).where(*_of(ask.tenant, ask.stream))
    if ask.from_at is not None:
        query = query.where(HoldRow.until_at > ask.from_at)
    if ask.until_at is not None:
        query = query.where(HoldRow.from_at < ask.until_at)
    if ask.after is not None:
        query = query.where(tuple_(HoldRow.from_at, HoldRow.id) > page.read_cursor(ask.after))
    query = query.order_by(HoldRow.from_at, HoldRow.id).limit(ask.limit + 1)
    answers = [_answer(row) for row in (await tx.execute(query)).scalars()]
    found, has_more = page.fit(answers, ask.limit)
    after = page.write_cursor(found[-1].from_at, found[-1].id) if has_more else None
    return Holds(holds=found, next_after=after)


async def delete(tx: AsyncSession, ask: DeleteHold) -> None:
    """Raises `HoldUnknown`, `HoldOfClip`, `HoldOfAsset`."""
    row = await tx.get(HoldRow, ask.id)
    if row is None or (row.tenant_id, row.stream_id) != (ask.tenant, ask.stream):
        raise HoldUnknown(f"Stream {ask.stream[:64]!r} has no hold {ask.id[:64]!r}.")
    if row.name is not None:
        raise HoldOfClip(f"This hold is the clip {row.name!r}; delete the clip.")
    if (await tx.execute(select(AssetRow.id).where(AssetRow.hold_id == row.id))).first():
        raise HoldOfAsset("This hold keeps an asset; delete the asset.")
    await tx.delete(row)


def is_held() -> ColumnElement[bool]:
    """Whether a hold needs the segment of a query."""
    return exists().where(
        and_(
            HoldRow.tenant_id == SegmentRow.tenant_id,
            HoldRow.stream_id == SegmentRow.stream_id,
            HoldRow.guards_from_at < SegmentRow.starts_at,
            HoldRow.until_at > SegmentRow.starts_at,
        )
    )


def is_file_held() -> ColumnElement[bool]:
    """Whether a hold needs the file of a query."""
    return exists().where(
        and_(
            HoldRow.tenant_id == FileRow.tenant_id,
            HoldRow.stream_id == FileRow.stream_id,
            HoldRow.from_at <= FileRow.ends_at,
            HoldRow.until_at > FileRow.starts_at,
        )
    )


def _of(tenant: str, stream: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return HoldRow.tenant_id == tenant, HoldRow.stream_id == stream


def _answer(row: HoldRow) -> Hold:
    return Hold.model_validate(
        {
            "id": row.id,
            "stream": row.stream_id,
            "from_at": row.from_at,
            "until_at": row.until_at,
            "cause": row.cause,
            "note": row.note,
            "created_at": row.created_at,
        }
    )
