"""Revoked viewer tokens, remembered until the tokens would have expired by themselves."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    ListRevocations,
    Revocation,
    RevocationPage,
    RevokeViewerToken,
    ViewerTokenRevoked,
)
from services.catalog import outbox
from services.catalog.database import insert_new
from services.catalog.models import RevocationRow


async def add(tx: AsyncSession, ask: RevokeViewerToken, *, now: datetime) -> None:
    """Revoke, once; what has expired is forgotten on the way."""
    await tx.execute(delete(RevocationRow).where(RevocationRow.expires_at < now))
    if ask.expires_at < now:
        return
    values = {
        "tenant_id": ask.tenant,
        "stream_id": ask.stream,
        "token_id": ask.token_id,
        "expires_at": ask.expires_at,
        "revoked_at": now,
    }
    if await insert_new(tx, RevocationRow, values):
        fact = ViewerTokenRevoked(
            tenant=ask.tenant,
            stream=ask.stream,
            token_id=ask.token_id,
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
        revocations=tuple(
            Revocation(
                seq=row.seq,
                stream=row.stream_id,
                token_id=row.token_id,
                expires_at=row.expires_at,
            )
            for row in page
        ),
        next_after=page[-1].seq if len(rows) > ask.limit else None,
    )
