"""Which segments a job's range means, settled when the job is made: every try takes the same."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import SessionRange
from services.catalog.errors import JobRangeEmpty, JobRangeTooLong, SessionUnknown
from services.catalog.models import SegmentRow, SessionRow

MAX_SEGMENTS = 50_000
"""More than a day of two-second segments."""


class Span(NamedTuple):
    stream: str
    first_msn: int
    last_msn: int


async def resolve(tx: AsyncSession, tenant: str, wanted: SessionRange) -> Span:
    """Raises `SessionUnknown`, `JobRangeEmpty`, `JobRangeTooLong`."""
    session = await tx.get(SessionRow, wanted.session)
    if session is None or session.tenant_id != tenant:
        raise SessionUnknown(f"There is no session {wanted.session!r}.")
    rows = (
        SegmentRow.tenant_id == tenant,
        SegmentRow.session_id == wanted.session,
        SegmentRow.rendition == wanted.rendition,
    )
    query = select(
        func.min(SegmentRow.msn), func.max(SegmentRow.msn), func.count(SegmentRow.msn)
    ).where(*rows)
    if wanted.first_msn is not None:
        query = query.where(SegmentRow.msn >= wanted.first_msn)
    if wanted.last_msn is not None:
        query = query.where(SegmentRow.msn <= wanted.last_msn)
    if wanted.from_s is not None or wanted.to_s is not None:
        first = select(func.min(SegmentRow.start_ms)).where(*rows)
        begin_ms = (await tx.execute(first)).scalar_one() or 0
        if wanted.from_s is not None:
            from_ms = begin_ms + wanted.from_s * 1000
            query = query.where(SegmentRow.start_ms + SegmentRow.duration_s * 1000 > from_ms)
        if wanted.to_s is not None:
            query = query.where(SegmentRow.start_ms < begin_ms + wanted.to_s * 1000)
    first_msn, last_msn, count = (await tx.execute(query)).one()
    if first_msn is None:
        raise JobRangeEmpty(
            f"Session {wanted.session} has no segments of {wanted.rendition!r} in that range."
        )
    if count > MAX_SEGMENTS:
        raise JobRangeTooLong(f"{count} segments are too many: at most {MAX_SEGMENTS} a job.")
    return Span(session.stream_id, first_msn, last_msn)
