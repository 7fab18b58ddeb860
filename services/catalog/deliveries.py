"""Deliveries: each event on its way to each webhook that wants it.

One that is due is *taken* by a dispatcher, for a minute, and reported on; what is not reported on
is due again. So it is sent at least once, and a webhook that fails delays no other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from libs.events import DueDeliveries, DueDelivery
from libs.public_events import WebhookTested, is_wanted
from services.catalog import public_log, webhooks
from services.catalog.database import insert_new_of
from services.catalog.models import DeliveryRow, EventRow, WebhookRow

TAKEN = timedelta(seconds=60)
"""Much longer than an attempt takes."""
AT_ONCE = 4
"""Of one webhook."""
IDLE_S = 30.0


# --- made -------------------------------------------------------------------------------


async def fan_out(tx: AsyncSession, events: Sequence[EventRow], *, now: datetime) -> int:
    """Make the deliveries of events that have just got their numbers; how many."""
    query = (
        select(WebhookRow)
        .where(WebhookRow.tenant_id.in_({row.tenant_id for row in events}), WebhookRow.is_enabled)
        .order_by(WebhookRow.id)
        # None of them is deleted before its deliveries are there.
        .with_for_update(read=True, key_share=True)
    )
    hooks = list((await tx.execute(query)).scalars()) if events else []
    made = 0
    for hook in hooks:
        wanted = [row for row in events if _wants(hook, row)]
        made += await make(tx, hook, wanted, now=now)
    return made


async def make(
    tx: AsyncSession,
    hook: WebhookRow,
    events: Sequence[EventRow],
    *,
    now: datetime,
    replay: str = "",
) -> int:
    """Those that are not there yet; how many."""
    rows = [
        {
            "tenant_id": hook.tenant_id,
            "webhook_id": hook.id,
            "event_number": event.number,
            "replay_id": replay,
            "state": "pending",
            "taken": 0,
            "failures": 0,
            "due_at": now,
            "created_at": now,
            "updated_at": now,
        }
        for event in events
    ]
    if not rows:
        return 0
    return len(await insert_new_of(tx, DeliveryRow, rows, ("id",)))


def _wants(hook: WebhookRow, event: EventRow) -> bool:
    if event.tenant_id != hook.tenant_id:
        return False
    if event.type == WebhookTested.type:
        return bool(event.data["webhook"] == hook.id)
    is_stream = not hook.streams or event.stream_id in hook.streams
    return is_stream and is_wanted(hook.types, event.type)


# --- taken ------------------------------------------------------------------------------


async def take(tx: AsyncSession, limit: int, *, now: datetime) -> DueDeliveries:
    """At most `limit` that are due, of the webhook that waits longest first."""
    waiting = await _waiting(tx, now)
    taken: list[tuple[DeliveryRow, WebhookRow]] = []
    for hook, due_at, _ in waiting:
        if len(taken) == limit or due_at is None or due_at > now:
            break
        room = min(AT_ONCE - await _in_hand(tx, hook, now), limit - len(taken))
        if room > 0:
            taken += [(row, hook) for row in await _due(tx, hook, room, now)]
    for row, _ in taken:
        row.taken += 1
        row.taken_until = now + TAKEN
    await tx.flush()
    events = await _events(tx, [row for row, _ in taken])
    due = tuple(_due_delivery(row, hook, events[row.event_number], now) for row, hook in taken)
    later = [at for _, *both in waiting for at in both if at is not None and at > now]
    wait_s = (min(later) - now).total_seconds() if later else IDLE_S
    return DueDeliveries(due=due, wait_s=0.0 if len(taken) == limit else min(wait_s, IDLE_S))


async def _waiting(
    tx: AsyncSession, now: datetime
) -> Sequence[tuple[WebhookRow, datetime | None, datetime | None]]:
    """Enabled webhooks, when their first delivery is due, and when what is in hand is due again."""
    its = DeliveryRow.webhook_id == WebhookRow.id

    def first(column: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> Any:
        query = select(column).where(its, *conditions).order_by(column).limit(1)
        return query.correlate(WebhookRow).scalar_subquery()

    due_at = first(DeliveryRow.due_at, DeliveryRow.state == "pending", _is_free(now))
    again_at = first(DeliveryRow.taken_until, DeliveryRow.taken_until > now)
    query = select(WebhookRow, due_at, again_at).where(WebhookRow.is_enabled)
    found = await tx.execute(query.order_by(due_at.asc().nulls_last()))
    return [(row[0], row[1], row[2]) for row in found]


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(DeliveryRow.taken_until.is_(None), DeliveryRow.taken_until <= now)


async def _in_hand(tx: AsyncSession, hook: WebhookRow, now: datetime) -> int:
    query = select(func.count()).where(
        DeliveryRow.webhook_id == hook.id, DeliveryRow.taken_until > now
    )
    return (await tx.execute(query)).scalar_one()


async def _due(tx: AsyncSession, hook: WebhookRow, limit: int, now: datetime) -> list[DeliveryRow]:
    query = (
        select(DeliveryRow)
        .where(
            DeliveryRow.webhook_id == hook.id,
            DeliveryRow.state == "pending",
            DeliveryRow.due_at <= now,
            _is_free(now),
        )
        .order_by(DeliveryRow.due_at, DeliveryRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await tx.execute(query)).scalars())


async def _events(tx: AsyncSession, rows: Sequence[DeliveryRow]) -> dict[int, EventRow]:
    query = select(EventRow).where(EventRow.number.in_({row.event_number for row in rows}))
    return {event.number: event for event in (await tx.execute(query)).scalars()}


def _due_delivery(
    row: DeliveryRow, hook: WebhookRow, event: EventRow, now: datetime
) -> DueDelivery:
    assert event.sequence is not None
    return DueDelivery(
        delivery=row.id,
        attempt=row.taken,
        webhook=hook.id,
        url=hook.url,
        secrets=webhooks.signing_secrets(hook, now=now),
        event=event.id,
        sequence=event.sequence,
        type=event.type,
        body=public_log.body_of(event),
        traceparent=event.traceparent,
    )
