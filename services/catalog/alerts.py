"""Alerts: tips, subscriptions and the like, told to viewers once each.

Whoever tells us of them tells us at least once: a key is kept for good.
"""

import hashlib
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import AlertRaised, ChatAuthor, ChatSaid, RaiseAlert
from services.catalog import outbox, streams
from services.catalog.database import insert_new
from services.catalog.errors import AlertDiffers
from services.catalog.models import AlertRow

ID_CHARS = 12


async def add(tx: AsyncSession, ask: RaiseAlert, *, now: datetime) -> AlertRaised:
    """Raises `StreamUnknown`, `AlertDiffers`."""
    await streams.get(tx, ask.tenant, ask.stream)
    digest = _digest(ask.model_dump_json(exclude={"key"}))
    values = {
        "tenant_id": ask.tenant,
        "stream_id": ask.stream,
        "key": ask.key,
        "digest": digest,
        "raised_at": now,
    }
    if not await insert_new(tx, AlertRow, values):
        known = await tx.get_one(AlertRow, (ask.tenant, ask.stream, ask.key))
        if known.digest != digest:
            raise AlertDiffers("This key was used for another alert; each has one of its own.")
        return AlertRaised(key=ask.key, is_new=False, raised_at=known.raised_at)
    key = _digest(ask.key)
    said = ChatSaid(
        tenant=ask.tenant,
        stream=ask.stream,
        key=key,
        author=ChatAuthor(id="a" + key[:ID_CHARS], name=ask.by, kind="alert"),
        network="",
        text=ask.text,
        alert=ask.alert,
    )
    await outbox.add(tx, said, tenant=ask.tenant, now=now)
    return AlertRaised(key=ask.key, is_new=True, raised_at=now)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
