"""What came of deliveries: a webhook's answer is noted, and what failed is due again, or dead."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import DeliveryReport
from services.catalog import metrics, webhooks
from services.catalog.models import DeliveryAttemptRow, DeliveryRow, WebhookRow

log = structlog.get_logger()

JITTER = 0.1
"""What failed at one moment is not tried again at one moment."""
LONGEST_WAIT_S = 24 * 3600.0
"""However long a receiver asks to be left alone."""
GONE = 410


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """`retries_s`: the pause after each failed try but the last. `disable_after`: a webhook that
    has only failed for so long gets nothing any more.
    """

    retries_s: tuple[float, ...]
    disable_after: timedelta
    uniform: Callable[[float, float], float] = random.uniform


async def take(
    tx: AsyncSession, reports: Sequence[DeliveryReport], *, now: datetime, rules: DeliveryRules
) -> list[DeliveryRow]:
    """Take the reports; the deliveries that are over now."""
    hooks = await _lock_hooks(tx, [each.delivery for each in reports])
    over = []
    for each in reports:
        row = await tx.get(DeliveryRow, each.delivery, with_for_update=True)
        hook = hooks.get(row.webhook_id) if row is not None else None
        if row is None or hook is None:
            continue  # the webhook was deleted
        if await _take_report(tx, row, hook, each, now=now, rules=rules):
            over.append(row)
    return over


async def _lock_hooks(tx: AsyncSession, deliveries: Sequence[int]) -> dict[str, WebhookRow]:
    """Each before its deliveries, and in their order, as whoever deletes one does."""
    its = select(DeliveryRow.webhook_id).where(DeliveryRow.id.in_(deliveries))
    query = select(WebhookRow).where(WebhookRow.id.in_(its)).order_by(WebhookRow.id)
    found = (await tx.execute(query.with_for_update())).scalars()
    return {row.id: row for row in found}


async def _take_report(
    tx: AsyncSession,
    row: DeliveryRow,
    hook: WebhookRow,
    said: DeliveryReport,
    *,
    now: datetime,
    rules: DeliveryRules,
) -> bool:
    """Whether the delivery is over by it."""
    if await tx.get(DeliveryAttemptRow, (said.delivery, said.attempt)) is not None:
        return False  # it is said again, as the answer was lost
    _note(tx, row, said)
    row.updated_at = now
    is_newest = row.taken == said.attempt
    if is_newest:
        row.taken_until = None
    if row.state == "pending" and said.error_code is None:
        row.state, hook.failing_since = "delivered", None
        metrics.DELIVERIES.labels("delivered").inc()
    elif row.state == "pending" and is_newest:
        await _failed(tx, row, hook, said, now=now, rules=rules)
    else:
        return False
    await tx.flush()
    return row.state != "pending"


async def _failed(
    tx: AsyncSession,
    row: DeliveryRow,
    hook: WebhookRow,
    said: DeliveryReport,
    *,
    now: datetime,
    rules: DeliveryRules,
) -> None:
    hook.failing_since = hook.failing_since or said.sent_at
    row.failures += 1
    if row.failures > len(rules.retries_s):
        row.state = "dead"
        metrics.DELIVERIES.labels("dead").inc()
        log.warning("webhook.dead_letter", webhook=hook.id, delivery=row.id)
    else:
        pause_s = rules.retries_s[row.failures - 1] * rules.uniform(1 - JITTER, 1 + JITTER)
        pause_s = max(pause_s, min(said.retry_after_s or 0.0, LONGEST_WAIT_S))
        row.due_at = now + timedelta(seconds=pause_s)
        metrics.DELIVERIES.labels("failed").inc()
    if hook.is_enabled and said.status == GONE:
        await webhooks.disable(tx, hook, "gone", now=now)
    elif hook.is_enabled and now - hook.failing_since > rules.disable_after:
        await webhooks.disable(tx, hook, "failing", now=now)


def _note(tx: AsyncSession, row: DeliveryRow, said: DeliveryReport) -> None:
    tx.add(
        DeliveryAttemptRow(
            delivery_id=row.id,
            number=said.attempt,
            tenant_id=row.tenant_id,
            sent_at=said.sent_at,
            duration_ms=said.duration_ms,
            status=said.status,
            error_code=said.error_code,
            error=said.error,
            answer=said.answer,
        )
    )
