"""The quotas of tenants: each is held where its thing begins, by whoever begins it.

What an asset or a recording will come to nobody knows before it is made, so that it may go beyond;
then nothing new is begun.
"""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import QuotaName, Quotas
from libs.public_events import QuotaExceeded
from services.catalog import public_log, usage
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import (
    QuotaBusy,
    QuotaFull,
    QuotaReached,
    StorageFull,
    TenantUnknown,
    UploadQuotaFull,
)
from services.catalog.models import TenantRow


async def check_streams(tx: AsyncSession, tenant: str) -> None:
    """Whether one more may be made. Raises `QuotaFull`, `TenantUnknown`."""
    limit = await _limit(tx, tenant, "streams")
    if limit is not None and (use := await usage.streams(tx, tenant)) >= limit:
        raise _full(tenant, "streams", limit, use, "delete one")


async def check_users(tx: AsyncSession, tenant: str) -> None:
    """Likewise."""
    limit = await _limit(tx, tenant, "users")
    if limit is not None and (use := await usage.users(tx, tenant)) >= limit:
        raise _full(tenant, "users", limit, use, "delete one")


async def check_api_keys(tx: AsyncSession, tenant: str) -> None:
    """Likewise."""
    limit = await _limit(tx, tenant, "api_keys")
    if limit is not None and (use := await usage.api_keys(tx, tenant)) >= limit:
        raise _full(tenant, "api_keys", limit, use, "revoke one")


async def check_publish(tx: AsyncSession, tenant: str, stream: str, *, now: datetime) -> None:
    """Whether the stream may go on air, or another publisher take it over.

    Raises `QuotaBusy`, `StorageFull`, `TenantUnknown`.
    """
    limit = await _limit(tx, tenant, "publishers")
    if limit is not None:
        use = await usage.publishers(tx, tenant, now=now, but_of=stream)
        if use >= limit:
            raise QuotaBusy(
                f"Your tenant has {use} streams on air, and may have {limit}; end one to publish.",
                tenant=tenant,
                quota="publishers",
                limit=limit,
                use=use,
            )
    await check_storage(tx, tenant)


async def check_jobs(tx: AsyncSession, tenant: str, *, now: datetime) -> None:
    """Whether one more may be ordered, which makes files. Raises `QuotaBusy`, `StorageFull`,
    `TenantUnknown`.
    """
    limit = await _limit(tx, tenant, "job_minutes")
    if limit is not None:
        use = await usage.job_minutes(tx, tenant, now=now)
        if use >= limit:
            raise QuotaBusy(
                f"Your tenant's jobs have run {use:.0f} of {limit} minutes this month;"
                " wait for the next, or ask for more.",
                tenant=tenant,
                quota="job_minutes",
                limit=limit,
                use=round(use, 1),
            )
    await check_storage(tx, tenant)


async def check_storage(tx: AsyncSession, tenant: str, *, more_bytes: int = 1) -> None:
    """Whether there is room for so much more. Raises `StorageFull`, `TenantUnknown`."""
    limit = await _limit(tx, tenant, "storage_bytes")
    if limit is not None:
        use = await usage.storage_bytes(tx, tenant)
        if use + more_bytes > limit:
            raise StorageFull(
                f"Your tenant holds {use} of {limit} bytes; delete recordings, files or uploads.",
                tenant=tenant,
                quota="storage_bytes",
                limit=limit,
                use=use,
            )


async def upload_room(tx: AsyncSession, tenant: str, usual_bytes: int | None) -> int | None:
    """What uploads may still take. None: as much as there is room for. Raises `TenantUnknown`."""
    limit = await _limit(tx, tenant, "upload_bytes", usual=usual_bytes, is_locked=True)
    if limit is None:
        return None
    return max(0, limit - await usage.upload_bytes(tx, tenant))


async def check_uploads(tx: AsyncSession, tenant: str, usual_bytes: int | None) -> None:
    """Raises `UploadQuotaFull`."""
    if await upload_room(tx, tenant, usual_bytes) == 0:
        raise await uploads_full(tx, tenant, usual_bytes)


async def uploads_full(tx: AsyncSession, tenant: str, usual_bytes: int | None) -> UploadQuotaFull:
    limit = await _limit(tx, tenant, "upload_bytes", usual=usual_bytes)
    use = await usage.upload_bytes(tx, tenant)
    left = max(0, (limit or 0) - use)
    return UploadQuotaFull(
        f"Of the quota for uploads and their assets {left} bytes are left "
        "(WEIR_UPLOAD_QUOTA_BYTES, or the tenant's own): delete some, or wait until those that "
        "are not finished expire.",
        tenant=tenant,
        quota="upload_bytes",
        limit=limit or 0,
        use=use,
    )


@contextlib.asynccontextmanager
async def told(database: Database, clock: Clock) -> AsyncIterator[AsyncSession]:
    """A transaction in which somebody may be refused, of which the world is told: by another one,
    as it leaves nothing itself.
    """
    try:
        async with database.transaction() as tx:
            yield tx
    except QuotaReached as refusal:
        now = clock()
        hour = now.replace(minute=0, second=0, microsecond=0)
        event = QuotaExceeded(quota=refusal.told_as, hour=hour)
        async with database.transaction() as tx:
            await public_log.add(tx, event, tenant=refusal.tenant, now=now)
        raise


async def _limit(
    tx: AsyncSession,
    tenant: str,
    quota: QuotaName,
    *,
    usual: int | None = None,
    is_locked: bool = False,
) -> int | None:
    """The tenant's, or the usual one. Where there is one, whoever asks at the same time waits:
    not those who only write rows of the tenant (`key_share`), whom it does not concern.
    """
    row = await tx.get(TenantRow, tenant)
    if row is None:
        raise TenantUnknown(f"There is no tenant {tenant!r}.")
    limit = getattr(Quotas.model_validate(row.quotas or {}), quota)
    limit = usual if limit is None else limit
    if limit is not None or is_locked:
        await tx.refresh(row, with_for_update={"key_share": True})
    found: int | None = getattr(Quotas.model_validate(row.quotas or {}), quota)
    return usual if found is None else found


def _full(tenant: str, quota: QuotaName, limit: int, use: int, what_to_do: str) -> QuotaFull:
    return QuotaFull(
        f"Your tenant has {use} of {limit} {quota.replace('_', ' ')}; {what_to_do}, or ask for"
        " more.",
        tenant=tenant,
        quota=quota,
        limit=limit,
        use=use,
    )
