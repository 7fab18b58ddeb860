"""What there is of a stream between two times, read without looking at each row: a month has
millions.

A session lasts from its first row to its last one. What is missing in it stands in the gaps with
their causes; rows are compared one by one only where these do not account for all numbers.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import Gap, Missing, ShowTimeline, Timeline, TimelineGap, TimelineSession
from libs.names import SOURCE, session_started_at_s
from services.catalog import completeness, page, sessions, streams
from services.catalog.models import SegmentRow, SessionRow

SEAM = timedelta(milliseconds=50)
"""What is less is no gap: wall clocks of rows are rounded, and drift."""


class _Log(NamedTuple):
    """What a session has left in the segment log."""

    first: SegmentRow | None
    last: SegmentRow | None
    gaps: tuple[Gap, ...]


async def show(tx: AsyncSession, ask: ShowTimeline, *, now: datetime) -> Timeline:
    """Raises `StreamUnknown`."""
    await streams.get(tx, ask.tenant, ask.stream)
    query = (
        select(SessionRow)
        .where(
            SessionRow.tenant_id == ask.tenant,
            SessionRow.stream_id == ask.stream,
            SessionRow.started_at < ask.until_at,
            SessionRow.ended_at.is_(None) | (SessionRow.ended_at > ask.from_at),
            SessionRow.published_generation > 0,
        )
        .order_by(SessionRow.id)
        .limit(ask.limit + 1)
    )
    if ask.after is not None:
        query = query.where(SessionRow.id > ask.after)
    found = (await tx.execute(query)).scalars()
    answers = [await _show(tx, row, now) for row in found]
    shown, has_more = page.fit(answers, ask.limit)
    return Timeline(sessions=shown, next_after=shown[-1].session if has_more else None)


async def _show(tx: AsyncSession, row: SessionRow, now: datetime) -> TimelineSession:
    log = _Log(
        first=await _one(tx, _rows(row).order_by(SegmentRow.msn)),
        last=await _one(tx, _rows(row).order_by(SegmentRow.msn.desc())),
        gaps=(await completeness.gaps_of(tx, row)).get(SOURCE, ()),
    )
    from_at, until_at = _ends(row, log, now)
    gaps = [*await _lost(tx, row, log, from_at, until_at), *await _away(tx, row)]
    return TimelineSession(
        session=row.id,
        from_at=from_at,
        until_at=until_at,
        is_open=row.ended_at is None,
        cause=row.cause,
        size_bytes=row.size_bytes,
        gaps=tuple(sorted(gaps, key=lambda gap: gap.from_at)),
    )


def _ends(row: SessionRow, log: _Log, now: datetime) -> tuple[datetime, datetime]:
    """What is missing at either end was on air, too."""
    ended_at = max(row.started_at, row.ended_at or now)
    if log.first is None or log.last is None:
        return row.started_at, ended_at
    from_at, until_at = log.first.starts_at, _ends_at(log.last)
    if any(gap.first_msn < log.first.msn for gap in log.gaps):
        from_at = min(from_at, row.started_at)
    if any(gap.last_msn > log.last.msn for gap in log.gaps):
        until_at = max(until_at, ended_at)
    return from_at, until_at


async def _lost(
    tx: AsyncSession, row: SessionRow, log: _Log, from_at: datetime, until_at: datetime
) -> list[TimelineGap]:
    """Numbers without a row: with a cause, or one that nobody knows."""
    missing: list[tuple[int, int, str | None]] = [
        (gap.first_msn, gap.last_msn, gap.cause) for gap in log.gaps
    ]
    missing += [(hole.first_msn, hole.last_msn, None) for hole in await _holes(tx, row, log)]
    found = []
    for first_msn, last_msn, cause in missing:
        earlier = _rows(row).where(SegmentRow.msn < first_msn).order_by(SegmentRow.msn.desc())
        later = _rows(row).where(SegmentRow.msn > last_msn).order_by(SegmentRow.msn)
        before, after = await _one(tx, earlier), await _one(tx, later)
        begins_at = from_at if before is None else _ends_at(before)
        ends_at = until_at if after is None else after.starts_at
        if ends_at - begins_at > SEAM:
            found.append(TimelineGap(from_at=begins_at, until_at=ends_at, kind="lost", cause=cause))
    return found


async def _holes(tx: AsyncSession, row: SessionRow, log: _Log) -> Sequence[Missing]:
    """None, if rows and gaps are as many as there are numbers up to the last row."""
    if log.first is None or log.last is None:
        return ()
    known = row.segments + sum(
        min(gap.last_msn, log.last.msn) - gap.first_msn + 1
        for gap in log.gaps
        if gap.first_msn < log.last.msn
    )
    if known == log.last.msn - session_started_at_s(row.id) + 1:
        return ()
    ends = completeness.Ends(log.first.msn, log.last.msn)
    return await completeness.holes_of(tx, row, SOURCE, ends, log.gaps)


async def _away(tx: AsyncSession, row: SessionRow) -> list[TimelineGap]:
    """Between two publishes of the session."""
    if row.first_generation == row.published_generation:
        return []
    found = []
    by_time = _rows(row).where(SegmentRow.stream_id == row.stream_id)
    publishes = [each for each in await sessions.publishes_of(tx, row) if each.published_at]
    for earlier, later in pairwise(publishes):
        is_before = (
            SegmentRow.starts_at < later.published_at,
            SegmentRow.generation < later.generation,
        )
        before = await _one(tx, by_time.where(*is_before).order_by(SegmentRow.starts_at.desc()))
        if before is None:
            continue  # retention was faster
        is_after = SegmentRow.msn > before.msn
        after = await _one(tx, _rows(row).where(is_after).order_by(SegmentRow.msn))
        if after is not None and after.starts_at - _ends_at(before) > SEAM:
            begins_at, ends_at = _ends_at(before), after.starts_at
            found.append(
                TimelineGap(from_at=begins_at, until_at=ends_at, kind="away", cause=earlier.cause)
            )
    return found


def _rows(row: SessionRow) -> Select[SegmentRow]:
    return select(SegmentRow).where(
        SegmentRow.tenant_id == row.tenant_id,
        SegmentRow.session_id == row.id,
        SegmentRow.rendition == SOURCE,
    )


async def _one(tx: AsyncSession, query: Select[SegmentRow]) -> SegmentRow | None:
    return (await tx.execute(query.limit(1))).scalar_one_or_none()


def _ends_at(row: SegmentRow) -> datetime:
    return row.starts_at + timedelta(seconds=row.duration_s)
