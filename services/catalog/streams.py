"""Streams: the named things with a key and settings.

`key` is made once, when the stream is. A later `outdate` is kept in the item and leaves the key
(and with it `expires_at`) alone: encoders hold the key, and published clients rely on this.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs import public_events
from libs.events import (
    CreateStream,
    Ladder,
    ListStreams,
    Stream,
    StreamChanged,
    StreamPage,
    UpdateStream,
    ViewPolicy,
)
from libs.events.marks import MARKS, Mark
from libs.names import STREAM_ID, check_stream_id
from libs.signing.push import sign_push
from services.catalog import fields, outbox, page, public_log, quotas
from services.catalog.database import Database, insert_new
from services.catalog.errors import StreamExists, StreamUnknown
from services.catalog.ladder_fields import read_ladder
from services.catalog.mark_drawing import check_drawable
from services.catalog.mark_fields import read_marks
from services.catalog.models import PublishRow, SessionRow, StreamIdRow, StreamRow
from services.catalog.outdate import read_outdate
from services.catalog.query import Query
from services.catalog.recording_fields import read_recording
from services.catalog.retention_fields import read_retention


class _Found(NamedTuple):
    """A stream, with its open session and that session's publish on air, if any."""

    tenant_id: str
    id: str
    created_at: datetime
    expires_at: datetime
    key: str
    item: dict[str, Any]
    publish_policy: str
    reconnect_window_s: float
    segment_s: float
    playlist_segments: int
    view_policy: str
    title: str
    description: str
    ladder: dict[str, Any] | None
    marks: list[dict[str, Any]] | None
    revision: int
    session: str | None
    started_at: datetime | None
    generation: int | None
    unpublished_at: datetime | None


_ALL = (
    select(
        StreamRow.tenant_id,
        StreamRow.id,
        StreamRow.created_at,
        StreamRow.expires_at,
        StreamRow.key,
        StreamRow.item,
        StreamRow.publish_policy,
        StreamRow.reconnect_window_s,
        StreamRow.segment_s,
        StreamRow.playlist_segments,
        StreamRow.view_policy,
        StreamRow.title,
        StreamRow.description,
        StreamRow.ladder,
        StreamRow.marks,
        StreamRow.revision,
        SessionRow.id,
        SessionRow.started_at,
        PublishRow.generation,
        PublishRow.ended_at,
    )
    .outerjoin(
        SessionRow, and_(SessionRow.stream_id == StreamRow.id, SessionRow.ended_at.is_(None))
    )
    .outerjoin(
        PublishRow,
        and_(
            PublishRow.tenant_id == SessionRow.tenant_id,
            PublishRow.stream_id == SessionRow.stream_id,
            PublishRow.generation == SessionRow.published_generation,
        ),
    )
)
"""In the order of `_Found`."""
_ONE = _ALL.where(StreamRow.tenant_id == bindparam("tenant"), StreamRow.id == bindparam("stream"))
_READ = Query(_ONE, "tenant", "stream")


async def create(tx: AsyncSession, ask: CreateStream, *, secret: str, now: datetime) -> Stream:
    """Its marks can be drawn: whoever calls has tried. Raises `StreamExists`, `StreamIdInvalid`,
    `TenantUnknown`, `QuotaFull`, and what its fields raise.
    """
    await quotas.check_streams(tx, ask.tenant)
    stream_id = str(uuid.uuid4()) if ask.id is None else check_stream_id(ask.id)
    now_s = int(now.timestamp())
    item = {name: value for name, value in ask.item.items() if name not in fields.FIXED_FIELDS}
    expires_s = read_outdate(item.get("outdate"), now_s=now_s)
    columns = _item_columns(item)
    if not await _take_id(tx, stream_id, ask.tenant):
        raise _exists(stream_id)
    is_new = await insert_new(
        tx,
        StreamRow,
        {
            "id": stream_id,
            "tenant_id": ask.tenant,
            "created_at": now,
            "expires_at": datetime.fromtimestamp(expires_s, UTC),
            "key": sign_push(stream_id, expires_s, secret),
            "generation": await _latest_generation(tx, ask.tenant, stream_id),
            "revision": _revision(0, now),
            "title": fields.check_title(ask.title),
            "description": fields.check_description(ask.description),
            **columns,
        },
    )
    if not is_new:
        raise _exists(stream_id)
    await _say_change(tx, await lock(tx, stream_id), now=now)
    return await get(tx, ask.tenant, stream_id)


async def marks_after(tx: AsyncSession, ask: UpdateStream) -> tuple[Mark, ...]:
    """What an update would have drawn anew. Raises `StreamUnknown`, `StreamFieldInvalid`."""
    stream = await get(tx, ask.tenant, ask.id)
    marks = read_marks({**stream.item, **ask.item})
    return marks if marks != stream.marks else ()


async def update(
    tx: AsyncSession, ask: UpdateStream, *, drawable: tuple[Mark, ...], now: datetime
) -> Stream:
    """Set the given fields. `drawable`: marks that were tried before, for it takes a while.

    Raises `StreamUnknown`, `StreamFieldFixed` and what fields raise.
    """
    fields.check_update(ask.item)
    row = await lock(tx, ask.id, tenant=ask.tenant)
    # An `outdate` that says nothing is refused although the key stays: it is the item's word.
    read_outdate(ask.item.get("outdate"), now_s=int(now.timestamp()))
    columns = _item_columns({**row.item, **ask.item})
    marks = MARKS.validate_python(columns["marks"] or ())
    if marks not in (drawable, marks_of(row)):
        await check_drawable(marks)  # somebody else has changed some of its fields meanwhile
    for name, value in columns.items():
        setattr(row, name, value)
    if ask.title is not None:
        row.title = fields.check_title(ask.title)
    if ask.description is not None:
        row.description = fields.check_description(ask.description)
    row.revision = _revision(row.revision, now)
    await tx.flush()
    await _say_change(tx, row, now=now)
    return await get(tx, ask.tenant, ask.id)


async def get(tx: AsyncSession, tenant: str, stream_id: str) -> Stream:
    """As it is in this transaction. Raises `StreamUnknown`."""
    found = (await tx.execute(_ONE, {"tenant": tenant, "stream": stream_id})).first()
    if found is None:
        raise _unknown(stream_id)
    return _answer(_Found._make(found))


async def read(database: Database, tenant: str, stream_id: str) -> Stream:
    """As it is now. Raises `StreamUnknown`, `DatabaseDown`."""
    columns = await database.columns(_READ, tenant, stream_id)
    for found in zip(*columns, strict=True):
        return _answer(_Found._make(found))
    raise _unknown(stream_id)


async def list_page(tx: AsyncSession, ask: ListStreams) -> StreamPage:
    """A tenant's streams, oldest first. Raises `CursorInvalid`."""
    query = _ALL.where(StreamRow.tenant_id == ask.tenant)
    if ask.after is not None:
        after = page.read_cursor(ask.after)
        query = query.where(tuple_(StreamRow.created_at, StreamRow.id) > after)
    query = query.order_by(StreamRow.created_at, StreamRow.id).limit(ask.limit + 1)
    answers = [_answer(_Found._make(found)) for found in await tx.execute(query)]
    streams, has_more = page.fit(answers, ask.limit)
    end = streams[-1] if has_more else None
    next_after = page.write_cursor(end.created_at, end.id) if end else None
    return StreamPage(streams=streams, next_after=next_after)


async def delete(tx: AsyncSession, tenant: str, stream_id: str, *, now: datetime) -> None:
    """Forget the stream; its sessions and segments stay. Raises `StreamUnknown`."""
    row = await lock(tx, stream_id, tenant=tenant)
    row.revision = _revision(row.revision, now)
    await _say_change(tx, row, now=now, is_deleted=True)
    await tx.delete(row)


def ladder_of(row: StreamRow | _Found) -> Ladder | None:
    return None if row.ladder is None else Ladder.model_validate(row.ladder)


def marks_of(row: StreamRow | _Found) -> tuple[Mark, ...]:
    return MARKS.validate_python(row.marks or ())


def view_policy_of(row: StreamRow | _Found) -> ViewPolicy:
    return "signed" if row.view_policy == "signed" else "public"


def _revision(last: int, now: datetime) -> int:
    """Higher than the last, and than that of a deleted stream of the same id."""
    return max(last + 1, int(now.timestamp() * 1000))


async def _say_change(
    tx: AsyncSession, row: StreamRow, *, now: datetime, is_deleted: bool = False
) -> None:
    fact = StreamChanged(
        tenant=row.tenant_id,
        stream=row.id,
        revision=row.revision,
        view_policy=view_policy_of(row),
        is_cdn_allowed=fields.is_cdn_allowed(row.item),
        is_marked=row.marks is not None,
        is_deleted=is_deleted,
        title=row.title,
        description=row.description,
    )
    await outbox.add(tx, fact, tenant=row.tenant_id, now=now)
    event = public_events.StreamChanged(stream=row.id, revision=row.revision, is_deleted=is_deleted)
    await public_log.add(tx, event, tenant=row.tenant_id, now=now)


async def lock(tx: AsyncSession, stream_id: str, *, tenant: str | None = None) -> StreamRow:
    """The row, which nobody else changes until this transaction ends. Raises `StreamUnknown`."""
    # What cannot be a stream id never reaches the database.
    if not STREAM_ID.fullmatch(stream_id):
        raise _unknown(stream_id)
    query = select(StreamRow).where(StreamRow.id == stream_id).with_for_update()
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None or tenant not in (None, row.tenant_id):
        raise _unknown(stream_id)
    return row


def _item_columns(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item and the columns that are read out of it."""
    fields.check_size(json.dumps(item))
    settings = fields.read_publish_settings(item)
    ladder = read_ladder(item)
    marks = read_marks(item)
    retention = read_retention(item)
    return {
        "item": dict(item),
        "publish_policy": settings.publish_policy,
        "reconnect_window_s": settings.reconnect_window_s,
        "segment_s": settings.segment_s,
        "playlist_segments": settings.playlist_segments,
        "view_policy": settings.view_policy,
        "records": read_recording(item).is_wanted,
        "retention_hours": retention.hours,
        "retention_bytes": retention.size_bytes,
        "cold_after_hours": retention.cold_after_hours,
        "ladder": ladder.model_dump(mode="json") if ladder else None,
        "marks": [mark.model_dump(mode="json") for mark in marks] or None,
    }


async def _latest_generation(tx: AsyncSession, tenant: str, stream_id: str) -> int:
    """0, unless a stream of this id was published and then deleted: generations never fall."""
    query = select(func.max(PublishRow.generation)).where(
        PublishRow.tenant_id == tenant, PublishRow.stream_id == stream_id
    )
    return (await tx.execute(query)).scalar_one() or 0


def _answer(found: _Found) -> Stream:
    is_live = found.generation is not None and found.unpublished_at is None
    return Stream(
        tenant=found.tenant_id,
        id=found.id,
        created_at=found.created_at,
        expires_at=found.expires_at,
        key=found.key,
        item=found.item,
        publish_policy="reject" if found.publish_policy == "reject" else "takeover",
        reconnect_window_s=found.reconnect_window_s,
        segment_s=found.segment_s,
        playlist_segments=found.playlist_segments,
        is_enabled=fields.is_enabled(found.item),
        view_policy=view_policy_of(found),
        is_cdn_allowed=fields.is_cdn_allowed(found.item),
        title=found.title,
        description=found.description,
        ladder=ladder_of(found),
        marks=marks_of(found),
        revision=found.revision,
        live_session=found.session,
        is_live=is_live,
        live_since=found.started_at if is_live else None,
    )


async def _take_id(tx: AsyncSession, stream_id: str, tenant: str) -> bool:
    """Whether it is the tenant's, now or from before."""
    if await insert_new(tx, StreamIdRow, {"id": stream_id, "tenant_id": tenant}):
        return True
    return (await tx.get_one(StreamIdRow, stream_id)).tenant_id == tenant


def _exists(stream_id: str) -> StreamExists:
    """Also of another tenant's, in the same words."""
    return StreamExists(f"There is a stream {stream_id!r} already; choose another id.")


def _unknown(stream_id: str) -> StreamUnknown:
    return StreamUnknown(f"There is no stream {stream_id[:64]!r}.")
