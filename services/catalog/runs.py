"""Which rows show a window of wall-clock time, session by session."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.names import SOURCE
from services.catalog import segments
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
        .where(
            SegmentRow.tenant_id == tenant,
            SegmentRow.stream_id == stream,
            SegmentRow.rendition == SOURCE,
            SegmentRow.starts_at >= begins_at,
            SegmentRow.starts_at < until_at,
        )
        .group_by(SegmentRow.session_id)
        .order_by(SegmentRow.session_id)  # it begins with the session's start
    )
    found = (await tx.execute(query)).all()
    return [
        await between(tx, tenant, session, SOURCE, first, last) for session, first, last in found
    ]


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
        for tracks, starts_at in await tx.execute(query):
            for each in tracks:
                kind, config = each["kind"], each["config_id"]
                if known.setdefault(kind, config) != config:
                    return Change(kind, starts_at)
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
    earlier = (
        select(SegmentRow)
        .where(
            SegmentRow.tenant_id == tenant,
            SegmentRow.stream_id == stream,
            SegmentRow.rendition == SOURCE,
            SegmentRow.starts_at <= from_at,
            SegmentRow.starts_at > from_at - LOOKS_BACK,
        )
        .order_by(SegmentRow.starts_at.desc())
        .limit(1)
    )
    covering = (await tx.execute(earlier)).scalar_one_or_none()
    if covering is None or _ends_at(covering) <= from_at:
        return from_at
    keyframes = earlier.where(
        SegmentRow.is_independent, SegmentRow.session_id == covering.session_id
    )
    return ((await tx.execute(keyframes)).scalar_one_or_none() or covering).starts_at


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
