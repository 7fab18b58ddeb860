"""Webhooks: who is sent public events, of which types and streams, and signed with what."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.egress import Egress, check_url
from libs.events import CreateWebhook, DeleteWebhook, DisabledCause, UpdateWebhook, Webhook
from libs.names import STREAM_ID
from libs.public_events import TYPES, WebhookDisabled, check_wanted
from libs.signing import new_webhook_secret
from services.catalog import public_log
from services.catalog.database import fills_events
from services.catalog.errors import (
    TenantUnknown,
    WebhookInvalid,
    WebhookIsDisabled,
    WebhooksTooMany,
    WebhookUnknown,
)
from services.catalog.models import (
    DeliveryAttemptRow,
    DeliveryRow,
    ReplayRow,
    TenantRow,
    WebhookRow,
)

log = structlog.get_logger()

MAX_WEBHOOKS = 50
"""Of a tenant: all of them together are fewer than what a dispatcher does at once."""
MAX_STREAMS = 200
MAX_DESCRIPTION_CHARS = 500
OLD_SECRET = timedelta(hours=24)
"""A secret that was rotated signs, too, for so long."""


async def create(
    tx: AsyncSession, ask: CreateWebhook, *, now: datetime, egress: Egress
) -> WebhookRow:
    """Raises `EgressRefused`, `EventTypeUnknown`, `WebhookInvalid`, `WebhooksTooMany`."""
    row = WebhookRow(
        id=f"webhook-{secrets.token_hex(8)}",
        tenant_id=ask.tenant,
        is_enabled=ask.is_enabled,
        disabled_cause=None if ask.is_enabled else "operator",
        secret=new_webhook_secret(),
        created_at=now,
        changed_at=now,
    )
    _set(row, ask.url, ask.types, ask.streams, ask.description, egress=egress)
    if await tx.get(TenantRow, ask.tenant, with_for_update=True) is None:
        raise TenantUnknown(f"There is no tenant {ask.tenant!r}.")
    query = select(func.count()).select_from(WebhookRow).where(WebhookRow.tenant_id == ask.tenant)
    if (await tx.execute(query)).scalar_one() >= MAX_WEBHOOKS:
        raise WebhooksTooMany(f"There are at most {MAX_WEBHOOKS} webhooks.")
    tx.add(row)
    await tx.flush()
    return row


async def update(
    tx: AsyncSession, ask: UpdateWebhook, *, now: datetime, egress: Egress
) -> WebhookRow:
    """Raises what `create` does, and `WebhookUnknown`."""
    row = await find(tx, ask.tenant, ask.webhook, locks=True)
    _set(row, ask.url, ask.types, ask.streams, ask.description, egress=egress)
    if ask.is_enabled is not None and ask.is_enabled != row.is_enabled:
        row.is_enabled = ask.is_enabled
        row.disabled_cause = None if ask.is_enabled else "operator"
        row.failing_since = None
        fills_events(tx)  # what was pending goes on
    row.changed_at = now
    await tx.flush()
    return row


async def rotate(tx: AsyncSession, tenant: str, webhook: str, *, now: datetime) -> WebhookRow:
    """Raises `WebhookUnknown`."""
    row = await find(tx, tenant, webhook, locks=True)
    row.old_secret, row.old_secret_until = row.secret, now + OLD_SECRET
    row.secret, row.changed_at = new_webhook_secret(), now
    await tx.flush()
    return row


async def delete(tx: AsyncSession, ask: DeleteWebhook) -> None:
    """Raises `WebhookUnknown`."""
    row = await find(tx, ask.tenant, ask.webhook, locks=True)
    its = select(DeliveryRow.id).where(DeliveryRow.webhook_id == row.id)
    await tx.execute(delete_rows(DeliveryAttemptRow).where(DeliveryAttemptRow.delivery_id.in_(its)))
    for kind in (DeliveryRow, ReplayRow):
        await tx.execute(delete_rows(kind).where(kind.webhook_id == row.id))
    await tx.delete(row)


async def disable(
    tx: AsyncSession, row: WebhookRow, cause: DisabledCause, *, now: datetime
) -> None:
    """It has failed for too long, or does not want any more."""
    row.is_enabled, row.disabled_cause, row.changed_at = False, cause, now
    event = WebhookDisabled(
        webhook=row.id,
        cause="gone" if cause == "gone" else "failing",
        failing_since=row.failing_since or now,
        disabled_at=now,
    )
    await public_log.add(tx, event, tenant=row.tenant_id, now=now)
    log.warning("webhook.disabled", webhook=row.id, cause=cause)


async def find(tx: AsyncSession, tenant: str, webhook: str, *, locks: bool = False) -> WebhookRow:
    """Raises `WebhookUnknown`."""
    row = await tx.get(WebhookRow, webhook, with_for_update=locks)
    if row is None or row.tenant_id != tenant:
        raise WebhookUnknown(f"There is no webhook {webhook[:64]!r}.")
    return row


async def find_enabled(tx: AsyncSession, tenant: str, webhook: str) -> WebhookRow:
    """Raises `WebhookUnknown`, `WebhookIsDisabled`. It stays so until we are done."""
    row = await find(tx, tenant, webhook, locks=True)
    if not row.is_enabled:
        raise WebhookIsDisabled("The webhook is disabled; enable it first.")
    return row


async def list_of(tx: AsyncSession, tenant: str) -> list[Webhook]:
    """Oldest first."""
    query = (
        select(WebhookRow)
        .where(WebhookRow.tenant_id == tenant)
        .order_by(WebhookRow.created_at, WebhookRow.id)
    )
    return await show(tx, list((await tx.execute(query)).scalars()))


async def show(tx: AsyncSession, rows: Sequence[WebhookRow]) -> list[Webhook]:
    query = (
        select(DeliveryRow.webhook_id, DeliveryRow.state, func.count())
        .where(
            DeliveryRow.webhook_id.in_([row.id for row in rows]),
            DeliveryRow.state.in_(("pending", "dead")),
        )
        .group_by(DeliveryRow.webhook_id, DeliveryRow.state)
    )
    counts = {(webhook, state): count for webhook, state, count in await tx.execute(query)}
    return [
        Webhook.model_validate(
            {
                "id": row.id,
                "tenant": row.tenant_id,
                "url": row.url,
                "types": row.types,
                "streams": row.streams,
                "description": row.description,
                "is_enabled": row.is_enabled,
                "disabled_cause": row.disabled_cause,
                "created_at": row.created_at,
                "changed_at": row.changed_at,
                "failing_since": row.failing_since,
                "pending": counts.get((row.id, "pending"), 0),
                "dead": counts.get((row.id, "dead"), 0),
            }
        )
        for row in rows
    ]


def signing_secrets(row: WebhookRow, *, now: datetime) -> tuple[str, ...]:
    """The newest first."""
    is_old_good = row.old_secret_until is not None and now < row.old_secret_until
    old = (row.old_secret,) if row.old_secret is not None and is_old_good else ()
    return (row.secret, *old)


def _set(
    row: WebhookRow,
    url: str | None,
    types: tuple[str, ...] | None,
    streams: tuple[str, ...] | None,
    description: str | None,
    *,
    egress: Egress,
) -> None:
    if url is not None:
        check_url(egress, url)
        row.url = url
    if types is not None:
        check_wanted(types, TYPES)
        row.types = list(dict.fromkeys(types))
    if streams is not None:
        if len(streams) > MAX_STREAMS or not all(map(STREAM_ID.fullmatch, streams)):
            raise WebhookInvalid(f"`streams` names at most {MAX_STREAMS} streams, by their ids.")
        row.streams = list(dict.fromkeys(streams))
    if description is not None:
        if len(description) > MAX_DESCRIPTION_CHARS:
            raise WebhookInvalid(f"A description has at most {MAX_DESCRIPTION_CHARS} characters.")
        row.description = description
