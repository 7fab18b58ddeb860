"""API keys: what programs may do."""

from datetime import datetime

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    AccessChanged,
    APIKey,
    APIKeys,
    CreateAPIKey,
    FindAPIKey,
    FoundAPIKey,
    ListAPIKeys,
    RevokeAPIKey,
)
from services.catalog import outbox, quotas, tenants
from services.catalog.database import insert_new
from services.catalog.errors import APIKeyExists, APIKeyUnknown
from services.catalog.models import APIKeyRow
from services.catalog.page import fit, read_cursor, write_cursor


async def create(tx: AsyncSession, ask: CreateAPIKey, *, now: datetime) -> APIKey:
    """Raises `APIKeyExists`, `QuotaFull`, `TenantUnknown`."""
    await quotas.check_api_keys(tx, ask.tenant)
    values = {
        "id": ask.id,
        "tenant_id": ask.tenant,
        "name": ask.key_name,
        "digest": ask.digest,
        "permissions": sorted(ask.permissions),
        "stream_prefix": ask.stream_prefix,
        "created_at": now,
        "created_by": ask.created_by,
        "expires_at": ask.expires_at,
        "used_at": None,
    }
    if not await insert_new(tx, APIKeyRow, values):
        raise APIKeyExists("There is a key of this id already; make another.")
    return _of(await tx.get_one(APIKeyRow, ask.id))


async def find(tx: AsyncSession, ask: FindAPIKey, *, now: datetime) -> FoundAPIKey:
    query = select(APIKeyRow).where(APIKeyRow.digest == ask.digest)
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return FoundAPIKey(key=None)
    return FoundAPIKey(key=None if await tenants.is_disabled(tx, row.tenant_id) else _of(row))


async def list_page(tx: AsyncSession, ask: ListAPIKeys) -> APIKeys:
    query = select(APIKeyRow).where(APIKeyRow.tenant_id == ask.tenant)
    if ask.after is not None:
        before = read_cursor(ask.after)
        query = query.where(tuple_(APIKeyRow.created_at, APIKeyRow.id) < before)
    query = query.order_by(APIKeyRow.created_at.desc(), APIKeyRow.id.desc()).limit(ask.limit + 1)
    rows = (await tx.execute(query)).scalars().all()
    keys, has_more = fit((_of(row) for row in rows), ask.limit)
    last = keys[-1] if has_more else None
    return APIKeys(
        keys=keys, next_after=write_cursor(last.created_at, last.id) if last is not None else None
    )


async def revoke(tx: AsyncSession, ask: RevokeAPIKey, *, now: datetime) -> None:
    """Raises `APIKeyUnknown`."""
    row = await tx.get(APIKeyRow, ask.id, with_for_update=True)
    if row is None or row.tenant_id != ask.tenant:
        raise APIKeyUnknown(f"There is no API key {ask.id[:64]!r}.")
    await tx.delete(row)
    fact = AccessChanged(tenant=row.tenant_id, kind="api_key", id=row.id, changed_at=now)
    await outbox.add(tx, fact, tenant=row.tenant_id, now=now)


async def note_used(tx: AsyncSession, used: dict[str, datetime]) -> None:
    """Gateways say it out of order: the latest counts."""
    for key, at in sorted(used.items()):
        is_later = APIKeyRow.used_at.is_(None) | (APIKeyRow.used_at < at)
        await tx.execute(update(APIKeyRow).where(APIKeyRow.id == key, is_later).values(used_at=at))


def _of(row: APIKeyRow) -> APIKey:
    return APIKey(
        id=row.id,
        tenant=row.tenant_id,
        name=row.name,
        permissions=tuple(row.permissions),
        stream_prefix=row.stream_prefix,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
