"""A tenant's quota: what its uploads hold or are to hold, and the assets that were made of them.

What an asset will come to nobody knows before it is made, so that it may go beyond; then nothing
new is begun. Sessions that were on air are retention's, also where they are kept.
"""

import contextlib
from collections.abc import AsyncIterator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.public_events import QuotaExceeded
from services.catalog import public_log
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import TenantUnknown, UploadQuotaFull
from services.catalog.models import AssetRow, CaptionRow, SessionRow, TenantRow, UploadRow

HOLDING = ("open", "complete", "accepted")
"""States in which an upload takes room."""
_GONE = "deleted"


async def left(tx: AsyncSession, tenant: str, quota_bytes: int | None) -> int | None:
    """None: as much as there is room for. Whoever asks at the same time waits.

    Raises `TenantUnknown`.
    """
    if await tx.get(TenantRow, tenant, with_for_update=True) is None:
        raise TenantUnknown(f"There is no tenant {tenant!r}.")
    if quota_bytes is None:
        return None
    uploads = select(func.sum(UploadRow.reserved_bytes)).where(
        UploadRow.tenant_id == tenant, UploadRow.state.in_(HOLDING)
    )
    its = (AssetRow.tenant_id == tenant, AssetRow.way == "upload", AssetRow.state != _GONE)
    media = (
        select(func.sum(SessionRow.size_bytes + SessionRow.files_bytes))
        .join(AssetRow, AssetRow.session_id == SessionRow.id)
        .where(*its)
    )
    texts = select(func.sum(CaptionRow.size_bytes)).join(AssetRow).where(*its)
    taken = [(await tx.execute(query)).scalar_one() or 0 for query in (uploads, media, texts)]
    return max(0, quota_bytes - int(sum(taken)))


async def check(tx: AsyncSession, tenant: str, quota_bytes: int | None) -> None:
    """Raises `UploadQuotaFull`."""
    if await left(tx, tenant, quota_bytes) == 0:
        raise full(0)


@contextlib.asynccontextmanager
async def told(database: Database, tenant: str, clock: Clock) -> AsyncIterator[AsyncSession]:
    """A transaction in which somebody may be refused, of which the world is told: by another one,
    as it leaves nothing itself.
    """
    try:
        async with database.transaction() as tx:
            yield tx
    except UploadQuotaFull:
        now = clock()
        event = QuotaExceeded(quota="uploads", hour=now.replace(minute=0, second=0, microsecond=0))
        async with database.transaction() as tx:
            await public_log.add(tx, event, tenant=tenant, now=now)
        raise


def full(left_bytes: int) -> UploadQuotaFull:
    return UploadQuotaFull(
        f"Of the quota for uploads and their assets {left_bytes} bytes are left "
        "(WEIR_UPLOAD_QUOTA_BYTES): delete some, or wait until those that are not finished expire."
    )
