"""Tenants: who shares the installation. None is deleted, as its streams' names stay its own."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    AccessChanged,
    CreateTenant,
    GetTenantUsage,
    ListTenants,
    Quotas,
    Tenant,
    TenantChanged,
    Tenants,
    TenantUsage,
    UpdateTenant,
)
from libs.names import DEFAULT_TENANT
from services.catalog import outbox, usage
from services.catalog.database import insert_new
from services.catalog.errors import (
    TenantDisabled,
    TenantExists,
    TenantOfInstallation,
    TenantUnknown,
)
from services.catalog.models import ConsoleSessionRow, TenantRow
from services.catalog.page import fit


async def create(tx: AsyncSession, ask: CreateTenant, *, now: datetime) -> Tenant:
    """Raises `TenantExists`."""
    values = {
        "id": ask.id,
        "created_at": now,
        "title": ask.title,
        "is_disabled": False,
        "quotas": ask.quotas.model_dump(exclude_none=True),
    }
    if not await insert_new(tx, TenantRow, values):
        raise TenantExists(f"There is a tenant {ask.id!r} already; choose another id.")
    row = await tx.get_one(TenantRow, ask.id)
    await _say_changed(tx, row, now=now)
    return _of(row)


async def get(tx: AsyncSession, tenant: str) -> Tenant:
    """Raises `TenantUnknown`."""
    return _of(await _row(tx, tenant))


async def list_page(tx: AsyncSession, ask: ListTenants) -> Tenants:
    query = (
        select(TenantRow)
        .where(TenantRow.id > (ask.after or ""))
        .order_by(TenantRow.id)
        .limit(ask.limit + 1)
    )
    rows = (await tx.execute(query)).scalars().all()
    tenants, has_more = fit((_of(row) for row in rows), ask.limit)
    return Tenants(tenants=tenants, next_after=tenants[-1].id if has_more else None)


async def update(tx: AsyncSession, ask: UpdateTenant, *, now: datetime) -> Tenant:
    """Raises `TenantUnknown`, `TenantOfInstallation`."""
    row = await _row(tx, ask.id, is_locked=True)
    if ask.title is not None:
        row.title = ask.title
    if ask.is_disabled is not None:
        if ask.is_disabled and row.id == DEFAULT_TENANT:
            raise TenantOfInstallation("The tenant of the installation cannot be disabled.")
        row.is_disabled = ask.is_disabled
        if ask.is_disabled:
            theirs = ConsoleSessionRow.tenant_id == row.id
            await tx.execute(delete(ConsoleSessionRow).where(theirs))
        fact = AccessChanged(tenant=row.id, kind="tenant", id=row.id, changed_at=now)
        await outbox.add(tx, fact, tenant=row.id, now=now)
    if ask.quotas is not None:
        row.quotas = _merged(row.quotas or {}, ask.quotas)
    await tx.flush()
    await _say_changed(tx, row, now=now)
    return _of(row)


async def usage_of(tx: AsyncSession, ask: GetTenantUsage, *, now: datetime) -> TenantUsage:
    """Raises `TenantUnknown`."""
    row = await _row(tx, ask.id)
    return TenantUsage(
        tenant=row.id,
        quotas=Quotas.model_validate(row.quotas or {}),
        streams=await usage.streams(tx, row.id),
        publishers=await usage.publishers(tx, row.id, now=now),
        storage_bytes=await usage.storage_bytes(tx, row.id),
        upload_bytes=await usage.upload_bytes(tx, row.id),
        job_minutes=round(await usage.job_minutes(tx, row.id, now=now), 2),
        api_keys=await usage.api_keys(tx, row.id),
        users=await usage.users(tx, row.id),
    )


async def is_disabled(tx: AsyncSession, tenant: str) -> bool:
    return (await _row(tx, tenant)).is_disabled


async def check_enabled(tx: AsyncSession, tenant: str) -> None:
    """Raises `TenantDisabled`."""
    if await is_disabled(tx, tenant):
        raise TenantDisabled("The stream's tenant is disabled; ask whoever runs this Weir.")


def _merged(known: dict[str, Any], change: Quotas) -> dict[str, Any]:
    merged = known | change.model_dump(exclude_unset=True)
    return {name: limit for name, limit in merged.items() if limit is not None}


async def _row(tx: AsyncSession, tenant: str, *, is_locked: bool = False) -> TenantRow:
    row = await tx.get(
        TenantRow, tenant, with_for_update={"key_share": True} if is_locked else None
    )
    if row is None:
        raise TenantUnknown(f"There is no tenant {tenant[:64]!r}.")
    return row


async def _say_changed(tx: AsyncSession, row: TenantRow, *, now: datetime) -> None:
    fact = TenantChanged(
        tenant=row.id,
        changed_at=now,
        is_disabled=row.is_disabled,
        quotas=Quotas.model_validate(row.quotas or {}),
    )
    await outbox.add(tx, fact, tenant=row.id, now=now)


def _of(row: TenantRow) -> Tenant:
    return Tenant(
        id=row.id,
        title=row.title,
        created_at=row.created_at,
        is_disabled=row.is_disabled,
        quotas=Quotas.model_validate(row.quotas or {}),
    )
