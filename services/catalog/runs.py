"""Which rows show a window of wall-clock time, session by session."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    MAX_RANGES,
    ListRuns,
    LoggedRun,
    LoggedRuns,
    RemuxParams,
    SessionRange,
)
from libs.names import SOURCE
from services.catalog import page, segments
from services.catalog.models import SegmentRow, SessionRow, TrackRow
from services.catalog.recording_plan import FileSpan, span_of

LOOKS_BACK = timedelta(seconds=60)
"""How far before a window the keyframe of its first picture is looked for."""


class Run(NamedTuple):
    """All rows of a rendition from the first to the last."""

    first: SegmentRow
    last: SegmentRow

    @property
    def span(self) -> FileSpan:
        """Of a file that is made of it."""
        begin = span_of(segments.answer(self.first))
        end = self.last.starts_at + timedelta(seconds=self.last.duration_s)
        changed = {"last_msn": self.last.msn, "ends_at": end, "duration_s": self.span_s}
        return begin.model_copy(update=changed)

    @property
    def span_s(self) -> float:
        """With the holes in it."""
        return (self.last.start_ms - self.first.start_ms) / 1000 + self.last.duration_s


class Change(NamedTuple):
    """From where on a track is encoded with other settings."""

    kind: str
    starts_at: datetime


async def of_window(
    tx: AsyncSession, tenant: str, stream: str, from_at: datetime, until_at: datetime
) -> list[Run]:
    """In order; the first begins with the keyframe that the window's first picture needs."""
    begins_at = await _begins_at(tx, tenant, stream, from_at)
    query = (
        select(SegmentRow.session_id, func.min(SegmentRow.msn), func.max(SegmentRow.msn))
        .where(*_within(tenant, stream, begins_at, until_at))
        .group_by(SegmentRow.session_id)
        .order_by(SegmentRow.session_id)  # it begins with the session's start
    )
    found = (await tx.execute(query)).all()
    return [
        await between(tx, tenant, session, SOURCE, first, last) for session, first, last in found
    ]


async def list_page(tx: AsyncSession, ask: ListRuns) -> LoggedRuns:
    """Runs without a hole. Raises `CursorInvalid`."""
    begins_at = await _begins_at(tx, ask.tenant, ask.stream, ask.from_at)
    its_number = func.row_number().over(partition_by=SegmentRow.session_id, order_by=SegmentRow.msn)
    # Numbers that follow each other are as far from the row's place as the one before.
    island = (SegmentRow.msn - its_number).label("island")
    rows = (
        select(
            SegmentRow.session_id,
            SegmentRow.msn,
            SegmentRow.starts_at,
            SegmentRow.start_ms,
            (SegmentRow.start_ms + SegmentRow.duration_s * 1000).label("end_ms"),
            island,
        )
        .where(*_within(ask.tenant, ask.stream, begins_at, ask.until_at))
        .subquery()
        .c
    )
    starts_at = func.min(rows.starts_at)
    query = (
        select(
            rows.session_id,
            func.min(rows.msn),
            func.max(rows.msn),
            starts_at,
            func.max(rows.starts_at),
            func.min(rows.start_ms),
            func.max(rows.start_ms),
            func.max(rows.end_ms),
        )
        .group_by(rows.session_id, rows.island)
        .order_by(starts_at)
        .limit(ask.limit + 1)
    )
    if ask.after is not None:
        query = query.having(starts_at > page.read_cursor(ask.after)[0])
    found, has_more = page.fit((_logged(row) for row in await tx.execute(query)), ask.limit)
    after = page.write_cursor(found[-1].starts_at, found[-1].session) if has_more else None
    return LoggedRuns(runs=found, next_after=after)


def _logged(row: Sequence[Any]) -> LoggedRun:
    session, first_msn, last_msn, starts_at, last_at, start_ms, last_ms, end_ms = row
    return LoggedRun(
        session=session,
        first_msn=first_msn,
        last_msn=last_msn,
        starts_at=starts_at,
        ends_at=last_at + timedelta(milliseconds=end_ms - last_ms),
        start_ms=start_ms,
        end_ms=end_ms,
    )


async def of_session(tx: AsyncSession, session: SessionRow) -> list[Run]:
    """One run, or none."""
    query = select(func.min(SegmentRow.msn), func.max(SegmentRow.msn)).where(
        SegmentRow.tenant_id == session.tenant_id,
        SegmentRow.session_id == session.id,
        SegmentRow.rendition == SOURCE,
    )
    first, last = (await tx.execute(query)).one()
    if first is None:
        return []
    return [await between(tx, session.tenant_id, session.id, SOURCE, first, last)]


def joined(its: Sequence[Run]) -> RemuxParams:
    """One file of them all."""
    first, *others = (
        SessionRange(session=run.first.session_id, first_msn=run.first.msn, last_msn=run.last.msn)
        for run in its
    )
    return RemuxParams(**first.model_dump(), then=tuple(others) or None)


def joined_span(its: Sequence[Run]) -> FileSpan:
    """Of that file: what was between them is left out."""
    last = its[-1].span
    changed = {
        "last_msn": last.last_msn,
        "ends_at": last.ends_at,
        "duration_s": sum(each.span_s for each in its),
    }
    return its[0].span.model_copy(update=changed)


async def joinable(tx: AsyncSession, its: Sequence[Run]) -> list[list[Run]]:
    """Which of them can be one file, in order: a file has one codec configuration of each track."""
    groups: list[list[Run]] = []
    for run in its:
        fits = groups and len(groups[-1]) < MAX_RANGES
        if fits and await first_change(tx, [*groups[-1], run]) is None:
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def _within(
    tenant: str, stream: str, begins_at: datetime, until_at: datetime
) -> tuple[ColumnElement[bool], ...]:
    return (
        SegmentRow.tenant_id == tenant,
        SegmentRow.stream_id == stream,
        SegmentRow.rendition == SOURCE,
        SegmentRow.starts_at >= begins_at,
        SegmentRow.starts_at < until_at,
    )


async def first_change(tx: AsyncSession, its: Sequence[Run]) -> Change | None:
    """The first row whose codec configuration is another than before; None: all have the same."""
    if not await _has_several(tx, its):
        return None
    known: dict[str, str] = {}
    for first, last in its:
        query = (
            select(SegmentRow.tracks, SegmentRow.starts_at)
            .where(
                SegmentRow.tenant_id == first.tenant_id,
                SegmentRow.session_id == first.session_id,
                SegmentRow.rendition == SOURCE,
                SegmentRow.msn.between(first.msn, last.msn),
            )
            .order_by(SegmentRow.msn)
        )
        for row in await tx.execute(query):
            for each in row.tracks:
                kind, config = each["kind"], each["config_id"]
                if known.setdefault(kind, config) != config:
                    return Change(kind, row.starts_at)
    return None


async def _has_several(tx: AsyncSession, its: Sequence[Run]) -> bool:
    """Whether the sessions had several configurations of a track, if not within these rows."""
    query = (
        select(TrackRow.kind)
        .where(
            TrackRow.tenant_id == its[0].first.tenant_id,
            TrackRow.session_id.in_([each.first.session_id for each in its]),
            TrackRow.rendition == SOURCE,
        )
        .group_by(TrackRow.kind)
        .having(func.count(TrackRow.config_id.distinct()) > 1)
    )
    return (await tx.execute(query)).first() is not None


async def _begins_at(tx: AsyncSession, tenant: str, stream: str, from_at: datetime) -> datetime:
    """Of what is shown first, or of the keyframe that it needs."""
    rows = select(SegmentRow).where(
        SegmentRow.tenant_id == tenant,
        SegmentRow.stream_id == stream,
        SegmentRow.rendition == SOURCE,
    )
    earlier = (
        rows.where(SegmentRow.starts_at > from_at - LOOKS_BACK)
        .order_by(SegmentRow.starts_at.desc())
        .limit(1)
    )
    query = earlier.where(SegmentRow.starts_at <= from_at)
    shown = (await tx.execute(query)).scalar_one_or_none()
    if shown is None or _ends_at(shown) <= from_at:
        query = rows.where(SegmentRow.starts_at > from_at).order_by(SegmentRow.starts_at).limit(1)
        shown = (await tx.execute(query)).scalar_one_or_none()
    if shown is None:
        return from_at
    if shown.is_independent:
        return shown.starts_at
    keyframe = earlier.where(
        SegmentRow.is_independent,
        SegmentRow.session_id == shown.session_id,
        SegmentRow.starts_at <= shown.starts_at,
    )
    return ((await tx.execute(keyframe)).scalar_one_or_none() or shown).starts_at


async def between(
    tx: AsyncSession, tenant: str, session: str, rendition: str, first_msn: int, last_msn: int
) -> Run:
    """From one row to another; both must be there."""
    ends = [
        await tx.get_one(SegmentRow, (tenant, session, rendition, msn))
        for msn in (first_msn, last_msn)
    ]
    return Run(*ends)


def _ends_at(row: SegmentRow) -> datetime:
    return row.starts_at + timedelta(seconds=row.duration_s)
