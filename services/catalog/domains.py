"""Domains of tenants. A default one stands in the URLs that are shown of its tenant's streams."""

import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.domain_url import DomainKind, check_domain_url
from libs.events import (
    CreateDomain,
    DeleteDomain,
    Domain,
    Domains,
    DomainsChanged,
    UpdateDomain,
)
from services.catalog import outbox
from services.catalog.errors import DomainExists, DomainsTooMany, DomainUnknown, TenantUnknown
from services.catalog.models import DomainRow, TenantRow

MAX_DOMAINS = 50
"""Of a tenant: they come in one answer."""


async def list_of(tx: AsyncSession, tenant: str) -> Domains:
    return Domains(domains=tuple(_of(row) for row in await _rows(tx, tenant)))


async def default_of(tx: AsyncSession, tenant: str, kind: DomainKind) -> str | None:
    query = select(DomainRow.url).where(
        DomainRow.tenant_id == tenant, DomainRow.kind == kind, DomainRow.is_default
    )
    return (await tx.execute(query)).scalar_one_or_none()


async def create(tx: AsyncSession, ask: CreateDomain, *, now: datetime) -> Domain:
    """Raises `DomainInvalid`, `DomainExists`, `DomainsTooMany`, `TenantUnknown`."""
    url = check_domain_url(ask.kind, ask.url)
    rows = await _lock(tx, ask.tenant)
    if len(rows) >= MAX_DOMAINS:
        raise DomainsTooMany(f"There are at most {MAX_DOMAINS} domains; delete one that is unused.")
    _check_new(rows, url)
    row = DomainRow(
        id=f"domain-{secrets.token_hex(8)}",
        tenant_id=ask.tenant,
        kind=ask.kind,
        url=url,
        is_default=False,
        created_at=now,
    )
    tx.add(row)
    await _set_default(tx, row, is_default=ask.is_default)
    await _say_changed(tx, ask.tenant, now=now)
    return _of(row)


async def change(tx: AsyncSession, ask: UpdateDomain, *, now: datetime) -> Domain:
    """Raises `DomainInvalid`, `DomainExists`, `DomainUnknown`, `TenantUnknown`."""
    rows = await _lock(tx, ask.tenant)
    row = _find(rows, ask.domain)
    if ask.url is not None:
        url = check_domain_url(_kind(row.kind), ask.url)
        _check_new([each for each in rows if each is not row], url)
        row.url = url
    if ask.is_default is not None:
        await _set_default(tx, row, is_default=ask.is_default)
    await tx.flush()
    await _say_changed(tx, ask.tenant, now=now)
    return _of(row)


async def delete(tx: AsyncSession, ask: DeleteDomain, *, now: datetime) -> None:
    """Raises `DomainUnknown`, `TenantUnknown`."""
    await tx.delete(_find(await _lock(tx, ask.tenant), ask.domain))
    await _say_changed(tx, ask.tenant, now=now)


async def _say_changed(tx: AsyncSession, tenant: str, *, now: datetime) -> None:
    await outbox.add(tx, DomainsChanged(tenant=tenant, changed_at=now), tenant=tenant, now=now)


async def _lock(tx: AsyncSession, tenant: str) -> list[DomainRow]:
    """The tenant's domains, which nobody else changes until this transaction ends."""
    lock = {"key_share": True}
    if await tx.get(TenantRow, tenant, with_for_update=lock) is None:
        raise TenantUnknown(f"There is no tenant {tenant[:64]!r}.")
    return await _rows(tx, tenant)


async def _rows(tx: AsyncSession, tenant: str) -> list[DomainRow]:
    query = select(DomainRow).where(DomainRow.tenant_id == tenant)
    found = await tx.execute(query.order_by(DomainRow.created_at, DomainRow.id))
    return list(found.scalars())


async def _set_default(tx: AsyncSession, row: DomainRow, *, is_default: bool) -> None:
    if is_default:
        await tx.execute(
            update(DomainRow)
            .where(DomainRow.tenant_id == row.tenant_id, DomainRow.kind == row.kind)
            .values(is_default=False)
        )
    row.is_default = is_default
    await tx.flush()


def _find(rows: list[DomainRow], domain: str) -> DomainRow:
    for row in rows:
        if row.id == domain:
            return row
    raise DomainUnknown(f"There is no domain {domain[:64]!r}.")


def _check_new(others: list[DomainRow], url: str) -> None:
    if any(each.url == url for each in others):
        raise DomainExists(f"There is a domain {url} already.")


def _kind(kind: str) -> DomainKind:
    return "push" if kind == "push" else "pull"


def _of(row: DomainRow) -> Domain:
    return Domain(
        id=row.id,
        kind=_kind(row.kind),
        url=row.url,
        is_default=row.is_default,
        created_at=row.created_at,
    )
