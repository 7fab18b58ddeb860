"""Replays: a range of the log that is sent to a webhook again, some deliveries at a time.

The ids are those of the events, so a receiver that has one drops it.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    CancelWebhookReplay,
    CreateWebhookReplay,
    GetWebhookReplay,
    ListWebhookReplays,
    WebhookReplay,
    WebhookReplays,
)
from libs.public_events import PUBLIC_EVENTS, WebhookTested, is_wanted
from services.catalog import deliveries, public_log, webhooks
from services.catalog.database import fills_events
from services.catalog.errors import (
    WebhookReplayInvalid,
    WebhookReplaysTooMany,
    WebhookReplayUnknown,
)
from services.catalog.models import DeliveryAttemptRow, DeliveryRow, ReplayRow, WebhookRow

BATCH, LOW = 200, 50
"""More deliveries are made when so few are left."""
MAX_RUNNING = 5
SHOWN = 50


async def create(tx: AsyncSession, ask: CreateWebhookReplay, *, now: datetime) -> WebhookReplay:
    """Raises `WebhookUnknown`, `WebhookIsDisabled`, `WebhookReplayInvalid`,
    `WebhookReplaysTooMany`.
    """
    hook = await webhooks.find_enabled(tx, ask.tenant, ask.webhook)
    if await _running(tx, hook) >= MAX_RUNNING:
        raise WebhookReplaysTooMany("Wait until a replay to this webhook is over, or cancel one.")
    first, last = await _range(tx, ask)
    row = ReplayRow(
        id=f"replay-{secrets.token_hex(8)}",
        tenant_id=hook.tenant_id,
        webhook_id=hook.id,
        first_sequence=first,
        last_sequence=last,
        next_sequence=first,
        is_cancelled=False,
        created_at=now,
    )
    tx.add(row)
    await tx.flush()
    await _feed(tx, row, hook, now=now)
    return await _show(tx, row)


async def list_of(tx: AsyncSession, ask: ListWebhookReplays) -> WebhookReplays:
    """Newest first. Raises `WebhookUnknown`."""
    hook = await webhooks.find(tx, ask.tenant, ask.webhook)
    query = select(ReplayRow).where(ReplayRow.webhook_id == hook.id)
    query = query.order_by(ReplayRow.created_at.desc()).limit(SHOWN)
    rows = (await tx.execute(query)).scalars().all()
    return WebhookReplays(replays=tuple([await _show(tx, row) for row in rows]))


async def get(tx: AsyncSession, ask: GetWebhookReplay) -> WebhookReplay:
    """Raises `WebhookReplayUnknown`."""
    return await _show(tx, _check(await tx.get(ReplayRow, ask.replay), ask.tenant, ask.webhook))


async def cancel(tx: AsyncSession, ask: CancelWebhookReplay) -> WebhookReplay:
    """Raises `WebhookUnknown`, `WebhookReplayUnknown`."""
    await webhooks.find(tx, ask.tenant, ask.webhook, locks=True)
    found = await tx.get(ReplayRow, ask.replay, with_for_update=True)
    row = _check(found, ask.tenant, ask.webhook)
    shown = await _show(tx, row)
    if shown.state != "running":
        return shown
    row.is_cancelled = True
    its = (DeliveryRow.replay_id == row.id, DeliveryRow.state == "pending")
    pending = select(DeliveryRow.id).where(*its)
    await tx.execute(delete(DeliveryAttemptRow).where(DeliveryAttemptRow.delivery_id.in_(pending)))
    await tx.execute(delete(DeliveryRow).where(*its))
    await tx.flush()
    return await _show(tx, row)


async def go_on(tx: AsyncSession, over: Sequence[DeliveryRow], *, now: datetime) -> None:
    """These deliveries are over: of their replays more are made when few are left."""
    for replay in sorted({row.replay_id for row in over if row.replay_id}):
        row = await tx.get(ReplayRow, replay, with_for_update=True)
        if row is None or row.is_cancelled or row.next_sequence > row.last_sequence:
            continue
        counts = await _counts(tx, row)
        if counts.get("pending", 0) < LOW:
            await _feed(tx, row, await tx.get_one(WebhookRow, row.webhook_id), now=now)


async def _range(tx: AsyncSession, ask: CreateWebhookReplay) -> tuple[int, int]:
    if (ask.from_sequence is None) == (ask.from_at is None):
        raise WebhookReplayInvalid("A replay begins at one `from_sequence`, or at one `from_at`.")
    newest = await public_log.newest_of(tx, ask.tenant)
    oldest = await public_log.oldest_of(tx, ask.tenant, since=ask.from_at)
    if oldest is None:
        raise WebhookReplayInvalid("The log has no events of this time on.")
    first = max(ask.from_sequence or 0, oldest)
    last = min(newest if ask.until_sequence is None else ask.until_sequence, newest)
    if first > last:
        raise WebhookReplayInvalid(f"The log has the events {oldest} to {newest}.")
    return first, last


async def _feed(tx: AsyncSession, row: ReplayRow, hook: WebhookRow, *, now: datetime) -> None:
    """Make the next deliveries. Tests are nobody's to see again."""
    types = [
        kind.type
        for kind in PUBLIC_EVENTS
        if kind is not WebhookTested and is_wanted(hook.types, kind.type)
    ]
    query = public_log.between(
        row.tenant_id, row.next_sequence, row.last_sequence, types, hook.streams
    )
    events = (await tx.execute(query.limit(BATCH))).scalars().all()
    await deliveries.make(tx, hook, events, now=now, replay=row.id)
    end = events[-1].sequence if len(events) == BATCH else row.last_sequence
    assert end is not None
    row.next_sequence = end + 1
    await tx.flush()
    fills_events(tx)


async def _running(tx: AsyncSession, hook: WebhookRow) -> int:
    is_pending = exists().where(
        DeliveryRow.replay_id == ReplayRow.id, DeliveryRow.state == "pending"
    )
    query = select(func.count()).select_from(ReplayRow)
    query = query.where(ReplayRow.webhook_id == hook.id, is_pending)
    return (await tx.execute(query)).scalar_one()


async def _counts(tx: AsyncSession, row: ReplayRow) -> dict[str, int]:
    query = select(DeliveryRow.state, func.count()).where(DeliveryRow.replay_id == row.id)
    found = await tx.execute(query.group_by(DeliveryRow.state))
    return {row[0]: row[1] for row in found}


async def _show(tx: AsyncSession, row: ReplayRow) -> WebhookReplay:
    counts = await _counts(tx, row)
    pending, made = counts.get("pending", 0), sum(counts.values())
    is_made = row.next_sequence > row.last_sequence
    state = "running" if pending or not is_made else "completed"
    span = row.last_sequence - row.first_sequence + 1
    share = 1 - pending / made if made else 1.0
    return WebhookReplay.model_validate(
        {
            "id": row.id,
            "webhook": row.webhook_id,
            "state": "cancelled" if row.is_cancelled else state,
            "first_sequence": row.first_sequence,
            "last_sequence": row.last_sequence,
            "progress": (row.next_sequence - row.first_sequence) / span * share,
            "pending": pending,
            "delivered": counts.get("delivered", 0),
            "dead": counts.get("dead", 0),
            "created_at": row.created_at,
        }
    )


def _check(row: ReplayRow | None, tenant: str, webhook: str) -> ReplayRow:
    if row is None or (row.tenant_id, row.webhook_id) != (tenant, webhook):
        raise WebhookReplayUnknown("The webhook has no such replay.")
    return row
