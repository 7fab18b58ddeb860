"""Which segments a job's ranges mean, settled when the job is made: every try takes the same."""

from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import JobParams, RemuxParams, SessionRange
from services.catalog.errors import JobRangeEmpty, JobRangeMixed, JobRangeTooLong, SessionUnknown
from services.catalog.models import SegmentRow, SessionRow

MAX_SEGMENTS = 50_000
"""More than a day of two-second segments."""


class Settled(NamedTuple):
    stream: str
    params: dict[str, Any]


class _Span(NamedTuple):
    stream: str
    first_msn: int
    last_msn: int
    segments: int


async def settle(tx: AsyncSession, tenant: str, params: JobParams) -> Settled:
    """Raises `SessionUnknown`, `JobRangeEmpty`, `JobRangeMixed`, `JobRangeTooLong`."""
    ranges = params.ranges if isinstance(params, RemuxParams) else (params,)
    spans = [await _resolve(tx, tenant, each) for each in ranges]
    if len({span.stream for span in spans}) > 1:
        raise JobRangeMixed("The sessions of a job are all of one stream.")
    count = sum(span.segments for span in spans)
    if count > MAX_SEGMENTS:
        raise JobRangeTooLong(f"{count} segments are too many: at most {MAX_SEGMENTS} a job.")
    settled = [
        each.model_dump(exclude_none=True, exclude={"then"})
        | {"first_msn": span.first_msn, "last_msn": span.last_msn}
        for each, span in zip(ranges, spans, strict=True)
    ]
    then = {"then": settled[1:]} if len(settled) > 1 else {}
    return Settled(spans[0].stream, settled[0] | then)


async def _resolve(tx: AsyncSession, tenant: str, wanted: SessionRange) -> _Span:
    """Raises `SessionUnknown`, `JobRangeEmpty`."""
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
    return _Span(session.stream_id, first_msn, last_msn, count)
