"""What a tenant takes now, as its quotas count it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog.database import insert_new
from services.catalog.models import (
    APIKeyRow,
    AssetRow,
    CaptionRow,
    JobAttemptRow,
    JobRow,
    JobTimeRow,
    PublishRow,
    SessionRow,
    StreamRow,
    UploadRow,
    UserRow,
)

HOLDING = ("open", "complete", "accepted")
"""States in which an upload takes room."""
GRANT_PENDING = timedelta(seconds=10)
"""How long a granted publish may take to its first media before it stops counting as on air."""
_GONE = "deleted"


async def streams(tx: AsyncSession, tenant: str) -> int:
    return await _count(tx, StreamRow, tenant)


async def users(tx: AsyncSession, tenant: str) -> int:
    return await _count(tx, UserRow, tenant)


async def api_keys(tx: AsyncSession, tenant: str) -> int:
    return await _count(tx, APIKeyRow, tenant)


async def publishers(
    tx: AsyncSession, tenant: str, *, now: datetime, but_of: str | None = None
) -> int:
    """Streams that are on air or were just promised to be, `but_of` one of them."""
    is_pending = and_(
        PublishRow.published_at.is_(None), PublishRow.granted_at > now - GRANT_PENDING
    )
    query = (
        select(func.count(SessionRow.id.distinct()))
        .join(PublishRow, PublishRow.session_id == SessionRow.id)
        .where(
            SessionRow.tenant_id == tenant,
            SessionRow.ended_at.is_(None),
            PublishRow.ended_at.is_(None),
            PublishRow.generation == SessionRow.generation,
            or_(PublishRow.published_at.is_not(None), is_pending),
        )
    )
    if but_of is not None:
        query = query.where(SessionRow.stream_id != but_of)
    return (await tx.execute(query)).scalar_one()


async def storage_bytes(tx: AsyncSession, tenant: str) -> int:
    """All that was on air, the files and assets made of it, and what uploads hold or are to."""
    media = select(func.sum(SessionRow.size_bytes + SessionRow.files_bytes)).where(
        SessionRow.tenant_id == tenant
    )
    return await _sums(tx, media, _held_by_uploads(tenant), _captions(tenant))


async def stored_bytes(tx: AsyncSession) -> int:
    """The same of all tenants."""
    media = select(func.sum(SessionRow.size_bytes + SessionRow.files_bytes))
    uploads = select(func.sum(UploadRow.reserved_bytes)).where(UploadRow.state.in_(HOLDING))
    captions = select(func.sum(CaptionRow.size_bytes)).join(AssetRow).where(AssetRow.state != _GONE)
    return await _sums(tx, media, uploads, captions)


async def upload_bytes(tx: AsyncSession, tenant: str) -> int:
    """What uploads hold or are to hold, and the assets that were made of them."""
    media = (
        select(func.sum(SessionRow.size_bytes + SessionRow.files_bytes))
        .join(AssetRow, AssetRow.session_id == SessionRow.id)
        .where(*_uploaded(tenant))
    )
    return await _sums(
        tx, media, _held_by_uploads(tenant), _captions(tenant).where(*_uploaded(tenant))
    )


async def job_minutes(tx: AsyncSession, tenant: str, *, now: datetime) -> float:
    """That finite jobs have run since the month began; those that run now, too."""
    its = (JobTimeRow.tenant_id == tenant, JobTimeRow.month == _month(now))
    ended_s = (await tx.execute(select(func.sum(JobTimeRow.seconds)).where(*its))).scalar_one()
    query = (
        select(JobAttemptRow.started_at)
        .join(
            JobRow, and_(JobRow.id == JobAttemptRow.job_id, JobRow.attempt == JobAttemptRow.number)
        )
        .where(JobRow.tenant_id == tenant, JobRow.state == "running", JobRow.params.is_not(None))
    )
    begun = (await tx.execute(query)).scalars()
    running_s = sum(max(0.0, (now - started_at).total_seconds()) for started_at in begun)
    return ((ended_s or 0.0) + running_s) / 60


async def note_job_time(tx: AsyncSession, attempt: JobAttemptRow, *, now: datetime) -> None:
    """An attempt has ended. Jobs are forgotten after days, the month's time is not."""
    values = {
        "job_id": attempt.job_id,
        "number": attempt.number,
        "tenant_id": attempt.tenant_id,
        "month": _month(now),
        "seconds": max(0.0, (now - attempt.started_at).total_seconds()),
    }
    await insert_new(tx, JobTimeRow, values)


async def forget_months_before(tx: AsyncSession, now: datetime) -> None:
    """What no quota counts any more."""
    await tx.execute(delete(JobTimeRow).where(JobTimeRow.month < _month(now)))


def _month(now: datetime) -> str:
    return f"{now:%Y-%m}"


def _uploaded(tenant: str) -> tuple[ColumnElement[bool], ...]:
    return (AssetRow.tenant_id == tenant, AssetRow.way == "upload", AssetRow.state != _GONE)


def _held_by_uploads(tenant: str) -> Select[int]:
    return select(func.sum(UploadRow.reserved_bytes)).where(
        UploadRow.tenant_id == tenant, UploadRow.state.in_(HOLDING)
    )


def _captions(tenant: str) -> Select[int]:
    return (
        select(func.sum(CaptionRow.size_bytes))
        .join(AssetRow)
        .where(AssetRow.tenant_id == tenant, AssetRow.state != _GONE)
    )


async def _count(
    tx: AsyncSession, model: type[StreamRow | UserRow | APIKeyRow], tenant: str
) -> int:
    query = select(func.count()).select_from(model).where(model.tenant_id == tenant)
    return (await tx.execute(query)).scalar_one()


async def _sums(tx: AsyncSession, *queries: Select[int]) -> int:
    return sum([int((await tx.execute(query)).scalar_one() or 0) for query in queries])
