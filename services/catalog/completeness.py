"""The proof that nothing is missing: every number from a rendition's first to its last segment is a
row, or a gap with its cause, or a hole that is told of.
"""

from itertools import groupby
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import Gap, Missing, RenditionLog, SessionLog, ShowSessionLog
from libs.names import SOURCE, session_started_at_s
from services.catalog import tiers
from services.catalog.errors import SessionUnknown
from services.catalog.models import GapRow, RenditionRow, SegmentRow, SessionRow


class Ends(NamedTuple):
    """The first and the last row of a rendition."""

    first: int
    last: int


async def show(tx: AsyncSession, ask: ShowSessionLog) -> SessionLog:
    """Raises `SessionUnknown`."""
    session = await tx.get(SessionRow, ask.session)
    if session is None or session.tenant_id != ask.tenant:
        raise SessionUnknown(f"There is no session {ask.session[:64]!r}.")
    gaps = await gaps_of(tx, session)
    is_cold = SegmentRow.starts_at < await tiers.hot_since(tx, ask.tenant, session.stream_id)
    totals = (
        select(
            SegmentRow.rendition,
            func.min(SegmentRow.msn),
            func.max(SegmentRow.msn),
            func.count(),
            func.sum(SegmentRow.duration_s),
            func.sum(SegmentRow.size_bytes),
            func.sum(case((is_cold, 1), else_=0)),
            func.sum(case((is_cold, SegmentRow.size_bytes), else_=0)),
        )
        .where(SegmentRow.tenant_id == ask.tenant, SegmentRow.session_id == ask.session)
        .group_by(SegmentRow.rendition)
        .order_by(SegmentRow.rendition)
    )
    found = []
    for name, first, last, count, duration_s, size_bytes, *cold in await tx.execute(totals):
        known = gaps.get(name, ())
        found.append(
            RenditionLog(
                rendition=name,
                first_msn=first,
                last_msn=last,
                segments=count,
                duration_s=duration_s,
                size_bytes=int(size_bytes),
                cold_segments=int(cold[0]),
                cold_bytes=int(cold[1]),
                gaps=known,
                holes=await holes_of(tx, session, name, Ends(first, last), known),
            )
        )
    return SessionLog(renditions=tuple(found))


async def gaps_of(tx: AsyncSession, session: SessionRow) -> dict[str, tuple[Gap, ...]]:
    """Of each rendition, in order."""
    query = (
        select(GapRow)
        .where(GapRow.tenant_id == session.tenant_id, GapRow.session_id == session.id)
        .order_by(GapRow.rendition, GapRow.first_msn)
    )
    rows = (await tx.execute(query)).scalars()
    return {
        name: tuple(
            Gap(first_msn=row.first_msn, last_msn=row.last_msn, cause=row.cause) for row in group
        )
        for name, group in groupby(rows, key=lambda row: row.rendition)
    }


async def holes_of(
    tx: AsyncSession, session: SessionRow, rendition: str, ends: Ends, gaps: tuple[Gap, ...]
) -> tuple[Missing, ...]:
    """Between rows, before the first of the source, and behind the last of what has ended."""
    before = func.lag(SegmentRow.msn).over(order_by=SegmentRow.msn)
    rows = (
        select(SegmentRow.msn, before.label("before"))
        .where(
            SegmentRow.tenant_id == session.tenant_id,
            SegmentRow.session_id == session.id,
            SegmentRow.rendition == rendition,
        )
        .subquery()
    )
    query = (
        select(rows.c.before, rows.c.msn).where(rows.c.msn > rows.c.before + 1).order_by(rows.c.msn)
    )
    jumps = [(int(row.before) + 1, row.msn - 1) for row in await tx.execute(query)]
    if rendition == SOURCE:
        jumps.insert(0, (session_started_at_s(session.id), ends.first - 1))
    row = await tx.get(RenditionRow, (session.tenant_id, session.id, rendition))
    if row is not None and row.is_ended and row.last_msn is not None:
        jumps.append((ends.last + 1, row.last_msn))
    return tuple(hole for start, end in jumps for hole in _uncovered(start, end, gaps))


def _uncovered(first: int, last: int, gaps: tuple[Gap, ...]) -> list[Missing]:
    """What of [first, last] no gap tells of; gaps are in order."""
    found = []
    for gap in gaps:
        if gap.last_msn < first or gap.first_msn > last:
            continue
        if gap.first_msn > first:
            found.append(Missing(first_msn=first, last_msn=gap.first_msn - 1))
        first = gap.last_msn + 1
    if first <= last:
        found.append(Missing(first_msn=first, last_msn=last))
    return found
