"""The segment log's index: rows, and the gaps that have a recorded cause."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
import structlog
from sqlalchemy import Row, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import Gap, ListSegments, Segment, SegmentLost, SegmentPage
from libs.names import SOURCE
from services.catalog import metrics, page, sessions
from services.catalog.database import insert_new, insert_new_of
from services.catalog.errors import SessionUnknown
from services.catalog.models import GapRow, SegmentRow, SessionRow

log = structlog.get_logger()

_SAID = {
    "tenant_id": "tenant", "stream_id": "stream", "session_id": "session", "object_offset": "offset"
}  # fmt: skip
COLUMNS = tuple(
    (cast(column, Text) if column.key == "tracks" else column).label(
        _SAID.get(column.key, column.key)
    )
    for column in SegmentRow.__table__.columns
)
"""Under the names of a `Segment`, and JSON as it stands there: for `written`."""
MOST_BYTES = 2000
"""Of a row as it is said: its names are bounded, and it has a picture and a sound."""


class Added(NamedTuple):
    sessions: list[SessionRow]
    """Of all that were said."""
    rows: list[Segment]
    """That are new."""


async def add(tx: AsyncSession, rows: Sequence[Segment]) -> Added:
    """Write those whose keys are new. Other bytes under a known key are an orphan.

    Raises `SessionNotYetKnown`, `FactContradicts`.
    """
    found = await sessions.lock_all(tx, rows)
    values = [_values(row) for row in rows]
    new = await insert_new_of(tx, SegmentRow, values, ("session_id", "rendition", "msn"))
    added: list[Segment] = []
    for row in rows:
        name = (row.session, row.rendition, row.msn)
        if name in new:
            new.remove(name)  # said twice, it is counted once
            added.append(row)
            _count(found[row.session], row)
        else:
            await _compare(tx, row)
    await tx.flush()
    return Added(list(found.values()), added)


def _values(segment: Segment) -> dict[str, Any]:
    values = segment.model_dump(mode="python", exclude={"stream", "session", "tenant", "offset"})
    return values | {
        "tenant_id": segment.tenant,
        "stream_id": segment.stream,
        "session_id": segment.session,
        "object_offset": segment.offset,
    }


def _count(session: SessionRow, segment: Segment) -> None:
    if segment.rendition == SOURCE:
        session.segments += 1
        session.duration_us += round(segment.duration_s * 1_000_000)
    session.size_bytes += segment.size_bytes
    session.last_msn = max(session.last_msn or 0, segment.msn)
    metrics.SEGMENTS.labels("stored").inc()


async def _compare(tx: AsyncSession, segment: Segment) -> None:
    key = (segment.tenant, segment.session, segment.rendition, segment.msn)
    row = await tx.get_one(SegmentRow, key)
    if row.sha256 == segment.sha256:
        metrics.SEGMENTS.labels("duplicate").inc()
        return
    metrics.SEGMENTS.labels("orphan").inc()
    log.warning(
        "segment.orphaned",
        stream=segment.stream,
        session=segment.session,
        rendition=segment.rendition,
        msn=segment.msn,
        epoch=segment.epoch,
        kept_epoch=row.epoch,
    )


async def add_gap(tx: AsyncSession, fact: SegmentLost) -> SessionRow:
    """Write the gap down once. Raises `SessionNotYetKnown`, `FactContradicts`."""
    session = await sessions.lock(tx, fact.tenant, fact.stream, fact.session)
    values = {
        "tenant_id": fact.tenant,
        "session_id": fact.session,
        "rendition": fact.rendition,
        "first_msn": fact.first_msn,
        "last_msn": fact.last_msn,
        "stream_id": fact.stream,
        "cause": fact.cause,
    }
    await insert_new(tx, GapRow, values)
    return session


async def reach(tx: AsyncSession, session: SessionRow, rendition: str, msn: int) -> bool:
    """Whether the rendition has the row of this segment, or of a later one, or its gap."""
    for last, table in ((SegmentRow.msn, SegmentRow), (GapRow.last_msn, GapRow)):
        query = select(func.max(last)).where(
            table.tenant_id == session.tenant_id,
            table.session_id == session.id,
            table.rendition == rendition,
        )
        found = (await tx.execute(query)).scalar_one()
        if found is not None and found >= msn:
            return True
    return False


async def list_page(tx: AsyncSession, ask: ListSegments) -> SegmentPage:
    """Rows in MSN order, and the gaps of the page's interval. Raises `SessionUnknown`."""
    session = await tx.get(SessionRow, ask.session)
    if session is None or session.tenant_id != ask.tenant:
        raise SessionUnknown(f"There is no session {ask.session[:64]!r}.")
    after = -1 if ask.after is None else ask.after
    query = (
        select(SegmentRow)
        .where(
            SegmentRow.tenant_id == ask.tenant,
            SegmentRow.session_id == ask.session,
            SegmentRow.rendition == ask.rendition,
            SegmentRow.msn > after,
        )
        .order_by(SegmentRow.msn)
        .limit(ask.limit + 1)
    )
    answers = [answer(row) for row in (await tx.execute(query)).scalars()]
    rows, has_more = page.fit(answers, ask.limit, at_most_bytes=MOST_BYTES)
    until = rows[-1].msn if has_more else None
    gaps = await _gaps(tx, ask, after, until)
    return SegmentPage(segments=rows, next_after=until, gaps=gaps)


async def last_tag(tx: AsyncSession, session: SessionRow) -> int:
    """The highest tag that is in the log; -1 if none is."""
    query = select(func.max(SegmentRow.last_tag)).where(
        SegmentRow.tenant_id == session.tenant_id, SegmentRow.session_id == session.id
    )
    found = (await tx.execute(query)).scalar_one()
    return -1 if found is None else found


async def _gaps(
    tx: AsyncSession, ask: ListSegments, after: int, until: int | None
) -> tuple[Gap, ...]:
    query = select(GapRow).where(
        GapRow.tenant_id == ask.tenant,
        GapRow.session_id == ask.session,
        GapRow.rendition == ask.rendition,
        GapRow.last_msn > after,
    )
    if until is not None:
        query = query.where(GapRow.first_msn <= until)
    rows = (await tx.execute(query.order_by(GapRow.first_msn))).scalars()
    return tuple(
        Gap(first_msn=row.first_msn, last_msn=row.last_msn, cause=row.cause) for row in rows
    )


def written(row: Row[Any]) -> dict[str, Any]:
    """A row of `COLUMNS` as the bus says it, for `orjson`: no object is made of what goes by."""
    return row._asdict() | {"tracks": orjson.Fragment(row.tracks)}


def answer(row: SegmentRow) -> Segment:
    """The row as the bus says it."""
    return Segment.model_validate(
        {
            "tenant": row.tenant_id,
            "stream": row.stream_id,
            "session": row.session_id,
            "rendition": row.rendition,
            "msn": row.msn,
            "object_key": row.object_key,
            "offset": row.object_offset,
            "size_bytes": row.size_bytes,
            "sha256": row.sha256,
            "tracks": row.tracks,
            "start_ms": row.start_ms,
            "duration_s": row.duration_s,
            "starts_at": row.starts_at,
            "is_independent": row.is_independent,
            "discontinuity_sequence": row.discontinuity_sequence,
            "generation": row.generation,
            "epoch": row.epoch,
            "first_tag": row.first_tag,
            "last_tag": row.last_tag,
            "key_id": row.key_id,
            "bitrate_bps": row.bitrate_bps,
        }
    )
