"""The mark of a stream: its rows that start before it lie in the cold store, the others in the hot.

    EPOCH ── cold ── mark ── hot ── now

Whoever keeps the stores copies the objects of a range, reads the copies back, and says so; then the
mark goes on, and with it the copies that are left behind wait to be deleted. Died at any point, the
range is done again: what is there already is not copied twice.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import FinishMove, Segment
from services.catalog.database import insert_new
from services.catalog.listed import LISTED_AT_LEAST
from services.catalog.models import SegmentRow, TierRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The mark of a stream of which nothing has been moved."""


async def cold_until(tx: AsyncSession, tenant: str, stream: str) -> datetime:
    row = await tx.get(TierRow, (tenant, stream))
    return EPOCH if row is None else row.cold_until_at


async def note_late(tx: AsyncSession, rows: Sequence[Segment], *, now: datetime) -> None:
    """A row that comes so late that the mark is past it lies hot: the mark goes back to it."""
    first: dict[tuple[str, str], datetime] = {}
    for row in rows:
        # Nothing that is younger is ever moved; that is nearly all that comes.
        if row.starts_at < now - LISTED_AT_LEAST:
            of = (row.tenant, row.stream)
            first[of] = min(row.starts_at, first.get(of, row.starts_at))
    for (tenant, stream), starts_at in sorted(first.items()):
        tier = await _locked(tx, tenant, stream)
        if tier is not None and tier.cold_until_at > starts_at:
            tier.cold_until_at = starts_at


async def advance(tx: AsyncSession, done: FinishMove, *, now: datetime) -> Mapping[str, int] | None:
    """Set the mark behind a move; returns the objects of its rows and their sizes. None: the mark
    is not where the move began, or a row came meanwhile: it does not count.
    """
    values = {
        "tenant_id": done.tenant,
        "stream_id": done.stream,
        "cold_until_at": EPOCH,
        "moved_to": done.to,
        "moved_at": now,
    }
    await insert_new(tx, TierRow, values)
    tier = await _locked(tx, done.tenant, done.stream)
    assert tier is not None
    began_at, ends_at = done.from_at, done.until_at
    if done.to == "hot":
        began_at, ends_at = ends_at, began_at
    rows = select(SegmentRow.object_key, SegmentRow.size_bytes).where(
        SegmentRow.tenant_id == done.tenant,
        SegmentRow.stream_id == done.stream,
        SegmentRow.starts_at >= done.from_at,
        SegmentRow.starts_at < done.until_at,
    )
    sizes = {row.object_key: row.size_bytes for row in await tx.execute(rows)}
    if tier.cold_until_at != began_at or not sizes.keys() <= {*done.keys, *done.left}:
        return None
    tier.cold_until_at, tier.moved_to, tier.moved_at = ends_at, done.to, now
    await tx.flush()
    return sizes


async def _locked(tx: AsyncSession, tenant: str, stream: str) -> TierRow | None:
    query = (
        select(TierRow)
        .where(TierRow.tenant_id == tenant, TierRow.stream_id == stream)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await tx.execute(query)).scalar_one_or_none()
