"""The marks of a stream: which of its rows lie in the cold store, and which in the hot one.

    EPOCH ── cold ── cold_until_at ── either ── hot_since_at ── hot ── now

The two are one, unless a row came late: then what lies between them goes to the cold store again,
most of which is there already.

Whoever keeps the stores copies the objects of a range, reads the copies back, and says so; then the
marks go on, and with it the copies that are left behind wait to be deleted. Died at any point, the
range is done again: what is there already is not copied twice.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import FinishMove, Segment
from services.catalog.database import insert_new
from services.catalog.listed import LISTED_AT_LEAST
from services.catalog.models import SegmentRow, TierRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The marks of a stream of which nothing has been moved."""


class Moved(NamedTuple):
    sizes: Mapping[str, int]
    """The objects of the rows that the range has now."""
    is_done: bool
    """Whether the move counts."""


async def hot_since(tx: AsyncSession, tenant: str, stream: str) -> datetime:
    row = await tx.get(TierRow, (tenant, stream))
    return EPOCH if row is None else row.hot_since_at


async def note_late(tx: AsyncSession, rows: Sequence[Segment], *, now: datetime) -> None:
    """A row that comes so late that the marks are past it lies hot, among others that lie cold."""
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


async def advance(tx: AsyncSession, done: FinishMove, *, now: datetime) -> Moved:
    """Set the marks behind a move, unless they are not where it began, or a row came meanwhile."""
    values = {
        "tenant_id": done.tenant,
        "stream_id": done.stream,
        "cold_until_at": EPOCH,
        "hot_since_at": EPOCH,
        "moved_to": done.to,
        "moved_at": now,
    }
    await insert_new(tx, TierRow, values)
    tier = await _locked(tx, done.tenant, done.stream)
    assert tier is not None
    rows = select(SegmentRow.object_key, SegmentRow.size_bytes).where(
        SegmentRow.tenant_id == done.tenant,
        SegmentRow.stream_id == done.stream,
        SegmentRow.starts_at >= done.from_at,
        SegmentRow.starts_at < done.until_at,
    )
    sizes = {row.object_key: row.size_bytes for row in await tx.execute(rows)}
    is_whole = sizes.keys() <= {*done.keys, *done.left}
    if done.to == "cold":
        is_done = is_whole and tier.cold_until_at == done.from_at
        cold_until_at, hot_since_at = done.until_at, max(tier.hot_since_at, done.until_at)
    else:
        is_done = is_whole and tier.hot_since_at == done.until_at
        cold_until_at, hot_since_at = min(tier.cold_until_at, done.from_at), done.from_at
    if is_done:
        tier.cold_until_at, tier.hot_since_at = cold_until_at, hot_since_at
        tier.moved_to, tier.moved_at = done.to, now
        await tx.flush()
    return Moved(sizes, is_done)


async def _locked(tx: AsyncSession, tenant: str, stream: str) -> TierRow | None:
    query = (
        select(TierRow)
        .where(TierRow.tenant_id == tenant, TierRow.stream_id == stream)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await tx.execute(query)).scalar_one_or_none()
