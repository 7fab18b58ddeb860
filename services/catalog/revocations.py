"""Revoked viewer tokens, remembered until the tokens would have expired by themselves."""

from datetime import datetime
from typing import cast

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    ListRevocations,
    Revocation,
    RevocationPage,
    RevocationScope,
    RevokeViewers,
    ViewersRevoked,
)
from libs.names import ITS_TENANT
from services.catalog import outbox, whose
from services.catalog.errors import StreamUnknown
from services.catalog.models import RevocationRow


async def add(tx: AsyncSession, ask: RevokeViewers, *, now: datetime) -> None:
    """Revoke what has been issued up to now; what has expired is forgotten on the way.

    Raises `StreamUnknown` if the stream is another tenant's; it need not exist any more.
    """
    if await whose.of_stream(tx, ask.stream) not in (ask.tenant, ITS_TENANT):
        raise StreamUnknown(f"There is no stream {ask.stream[:64]!r}.")
    await tx.execute(delete(RevocationRow).where(RevocationRow.expires_at < now))
    if ask.expires_at < now:
        return
    is_same = (
        RevocationRow.tenant_id == ask.tenant,
        RevocationRow.stream_id == ask.stream,
        RevocationRow.scope == ask.scope,
        RevocationRow.whom == ask.whom,
    )
    await tx.execute(delete(RevocationRow).where(*is_same))
    row = RevocationRow(
        tenant_id=ask.tenant,
        stream_id=ask.stream,
        scope=ask.scope,
        whom=ask.whom,
        before=now,
        expires_at=ask.expires_at,
    )
    tx.add(row)
    fact = ViewersRevoked(
        tenant=ask.tenant,
        stream=ask.stream,
        scope=ask.scope,
        whom=ask.whom,
        before=now,
        expires_at=ask.expires_at,
    )
    await outbox.add(tx, fact, tenant=ask.tenant, now=now)


async def list_page(tx: AsyncSession, ask: ListRevocations, *, now: datetime) -> RevocationPage:
    query = (
        select(RevocationRow)
        .where(RevocationRow.seq > ask.after, RevocationRow.expires_at >= now)
        .order_by(RevocationRow.seq)
        .limit(ask.limit + 1)
    )
    rows = (await tx.execute(query)).scalars().all()
    page = rows[: ask.limit]
    return RevocationPage(
        revocations=tuple(_answer(row) for row in page),
        next_after=page[-1].seq if len(rows) > ask.limit else None,
    )


def _answer(row: RevocationRow) -> Revocation:
    return Revocation(
        seq=row.seq,
        stream=row.stream_id,
        scope=cast("RevocationScope", row.scope),
        whom=row.whom,
        before=row.before,
        expires_at=row.expires_at,
    )
