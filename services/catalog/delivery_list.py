"""Deliveries as they are shown: what was sent to a webhook, when, and what it answered."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    DeliveryAttempt,
    GetWebhookDelivery,
    ListWebhookDeliveries,
    RetryWebhookDelivery,
    WebhookDeliveries,
    WebhookDelivery,
)
from services.catalog import page, webhooks
from services.catalog.database import fills_events
from services.catalog.errors import WebhookDeliveryUnknown
from services.catalog.models import DeliveryAttemptRow, DeliveryRow, EventRow

MAX_ATTEMPTS = 50
"""The newest are shown, of one that was tried by hand again and again."""


async def list_page(tx: AsyncSession, ask: ListWebhookDeliveries) -> WebhookDeliveries:
    """Newest first, without answers. Raises `WebhookUnknown`."""
    hook = await webhooks.find(tx, ask.tenant, ask.webhook)
    query = (
        select(DeliveryRow, EventRow)
        .join(EventRow, EventRow.number == DeliveryRow.event_number)
        .where(DeliveryRow.webhook_id == hook.id)
    )
    if ask.state is not None:
        query = query.where(DeliveryRow.state == ask.state)
    if ask.event is not None:
        query = query.where(EventRow.id == ask.event)
    if ask.replay is not None:
        query = query.where(DeliveryRow.replay_id == ask.replay)
    if ask.after is not None:
        query = query.where(DeliveryRow.id < ask.after)
    query = query.order_by(DeliveryRow.id.desc()).limit(ask.limit + 1)
    found = [(row, event) for row, event in await tx.execute(query)]
    attempts = await _attempts(tx, [row.id for row, _ in found], with_answers=False)
    shown = [_show(row, event, attempts[row.id]) for row, event in found]
    kept, has_more = page.fit(shown, ask.limit)
    return WebhookDeliveries(deliveries=kept, next_after=kept[-1].id if has_more else None)


async def get(tx: AsyncSession, ask: GetWebhookDelivery) -> WebhookDelivery:
    """Raises `WebhookDeliveryUnknown`."""
    row = await tx.get(DeliveryRow, ask.delivery)
    return await show(tx, _check(row, ask.tenant, ask.webhook))


async def retry(tx: AsyncSession, ask: RetryWebhookDelivery, *, now: datetime) -> WebhookDelivery:
    """Raises `WebhookUnknown`, `WebhookDeliveryUnknown`, `WebhookIsDisabled`."""
    await webhooks.find_enabled(tx, ask.tenant, ask.webhook)
    found = await tx.get(DeliveryRow, ask.delivery, with_for_update=True)
    row = _check(found, ask.tenant, ask.webhook)
    if row.state != "pending":
        row.state, row.failures = "pending", 0
    row.due_at = row.updated_at = now
    await tx.flush()
    fills_events(tx)
    return await show(tx, row)


async def show(tx: AsyncSession, row: DeliveryRow) -> WebhookDelivery:
    event = await tx.get_one(EventRow, row.event_number)
    attempts = await _attempts(tx, [row.id], with_answers=True)
    return _show(row, event, attempts[row.id])


def _check(row: DeliveryRow | None, tenant: str, webhook: str) -> DeliveryRow:
    if row is None or (row.tenant_id, row.webhook_id) != (tenant, webhook):
        raise WebhookDeliveryUnknown("The webhook has no such delivery (any more).")
    return row


async def _attempts(
    tx: AsyncSession, deliveries: Sequence[int], *, with_answers: bool
) -> dict[int, list[DeliveryAttempt]]:
    query = select(DeliveryAttemptRow).where(DeliveryAttemptRow.delivery_id.in_(deliveries))
    found = defaultdict(list)
    for row in (await tx.execute(query.order_by(DeliveryAttemptRow.number))).scalars():
        attempt = DeliveryAttempt(
            number=row.number,
            sent_at=row.sent_at,
            duration_ms=row.duration_ms,
            status=row.status,
            error_code=row.error_code,
            error=row.error,
            answer=row.answer if with_answers else "",
        )
        found[row.delivery_id].append(attempt)
    return found


def _show(
    row: DeliveryRow, event: EventRow, attempts: Sequence[DeliveryAttempt]
) -> WebhookDelivery:
    return WebhookDelivery.model_validate(
        {
            "id": row.id,
            "webhook": row.webhook_id,
            "event": event.id,
            "sequence": event.sequence,
            "type": event.type,
            "stream": event.stream_id,
            "state": row.state,
            "replay": row.replay_id or None,
            "failures": row.failures,
            "due_at": row.due_at if row.state == "pending" else None,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "attempts": attempts[-MAX_ATTEMPTS:],
        }
    )
