"""The log of public events.

An event is written by the transaction that makes it true, and given its number afterwards, under a
lock on the end of its tenant's log: of two transactions that overlap the later may be committed
first, and a reader that is past its event would never see the other's.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.bus import tracing
from libs.events import ListPublicEvents, LoggedEvent, LoggedEvents
from libs.public_events import PublicEvent, event_id, payload
from services.catalog import page
from services.catalog.database import fills_events, insert_new
from services.catalog.models import (
    DeliveryAttemptRow,
    DeliveryRow,
    EventHeadRow,
    EventRow,
    ReplayRow,
)

BATCH = 200
FORGOTTEN = 500
"""At a time."""


async def add(
    tx: AsyncSession,
    event: PublicEvent,
    *,
    tenant: str,
    now: datetime,
    at: datetime | None = None,
    traceparent: str | None = None,
) -> None:
    """Write an event, once. `at`: when it happened; None: now."""
    values = {
        "tenant_id": tenant,
        "id": event_id(tenant, event),
        "type": event.type,
        "version": event.version,
        "stream_id": event.about(),
        "data": event.model_dump(mode="json"),
        "occurred_at": at or now,
        "logged_at": now,
        "traceparent": traceparent or tracing.traceparent(),
    }
    if await insert_new(tx, EventRow, values):
        fills_events(tx)


async def number(tx: AsyncSession, *, now: datetime) -> list[EventRow]:
    """Give the oldest events that have none their numbers; returns these events."""
    waiting = select(EventRow.tenant_id).where(EventRow.sequence.is_(None)).distinct()
    tenants = (await tx.execute(waiting.order_by(EventRow.tenant_id))).scalars().all()
    numbered: list[EventRow] = []
    for tenant in tenants:
        head = await _lock_head(tx, tenant)
        query = (
            select(EventRow)
            .where(EventRow.tenant_id == tenant, EventRow.sequence.is_(None))
            .order_by(EventRow.number)
            .limit(BATCH)
        )
        for row in (await tx.execute(query)).scalars():
            head.sequence += 1
            row.sequence, row.logged_at = head.sequence, now
            numbered.append(row)
    await tx.flush()
    return numbered


async def list_page(tx: AsyncSession, ask: ListPublicEvents) -> LoggedEvents:
    # The end first: what is numbered meanwhile is the next page's.
    newest = await newest_of(tx, ask.tenant)
    oldest = await oldest_of(tx, ask.tenant) or newest + 1
    if ask.after is None:
        return LoggedEvents(events=(), next_after=newest, oldest=oldest, newest=newest)
    query = between(ask.tenant, ask.after + 1, newest, ask.types, ask.streams)
    rows = (await tx.execute(query.limit(ask.limit + 1))).scalars()
    events, has_more = page.fit([_show(row) for row in rows], ask.limit)
    after = events[-1].sequence if has_more else newest
    return LoggedEvents(events=events, next_after=after, oldest=oldest, newest=newest)


def between(
    tenant: str,
    first: int,
    last: int,
    types: Sequence[str] | None = None,
    streams: Sequence[str] | None = None,
) -> Select[EventRow]:
    """Queries a range of the log, in order."""
    query = select(EventRow).where(
        EventRow.tenant_id == tenant, EventRow.sequence >= first, EventRow.sequence <= last
    )
    if types is not None:
        query = query.where(EventRow.type.in_(types))
    if streams:
        query = query.where(EventRow.stream_id.in_(streams))
    return query.order_by(EventRow.sequence)


async def newest_of(tx: AsyncSession, tenant: str) -> int:
    query = select(EventHeadRow.sequence).where(EventHeadRow.tenant_id == tenant)
    return (await tx.execute(query)).scalar_one_or_none() or 0


async def oldest_of(tx: AsyncSession, tenant: str, *, since: datetime | None = None) -> int | None:
    """None: none is kept (of this time on)."""
    query = select(func.min(EventRow.sequence)).where(EventRow.tenant_id == tenant)
    if since is not None:
        query = query.where(EventRow.logged_at >= since)
    return (await tx.execute(query)).scalar_one()


async def forget(tx: AsyncSession, *, now: datetime, kept: timedelta) -> int:
    """Some of what is older than it is kept, with its deliveries; how much. What is pending yet is
    a disabled webhook's.
    """
    query = (
        select(EventRow.number)
        .where(EventRow.logged_at < now - kept, EventRow.sequence.is_not(None))
        .order_by(EventRow.logged_at)
        .limit(FORGOTTEN)
    )
    old = (await tx.execute(query)).scalars().all()
    its = select(DeliveryRow.id).where(DeliveryRow.event_number.in_(old))
    await tx.execute(delete(DeliveryAttemptRow).where(DeliveryAttemptRow.delivery_id.in_(its)))
    await tx.execute(delete(DeliveryRow).where(DeliveryRow.event_number.in_(old)))
    await tx.execute(delete(EventRow).where(EventRow.number.in_(old)))
    await tx.execute(delete(ReplayRow).where(ReplayRow.created_at < now - kept))
    return len(old)


def body_of(row: EventRow) -> str:
    """What is sent of an event, byte for byte the same each time."""
    said = payload(row.type, row.occurred_at, row.data, version=row.version)
    return orjson.dumps(said).decode()


def _show(row: EventRow) -> LoggedEvent:
    assert row.sequence is not None
    return LoggedEvent(
        sequence=row.sequence, id=row.id, type=row.type, stream=row.stream_id, body=body_of(row)
    )


async def _lock_head(tx: AsyncSession, tenant: str) -> EventHeadRow:
    await insert_new(tx, EventHeadRow, {"tenant_id": tenant, "sequence": 0})
    return await tx.get_one(EventHeadRow, tenant, with_for_update=True, populate_existing=True)
