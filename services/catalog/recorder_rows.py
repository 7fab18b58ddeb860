"""The rows of the recorder: what it keeps of a session, and what it has yet to look at of it."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import Gap, Segment, StoredPicture
from libs.names import SOURCE, session_started_at_s
from services.catalog import segments
from services.catalog.database import insert_new
from services.catalog.models import GapRow, RecorderRow, SegmentRow, SessionRow, StreamRow
from services.catalog.recording_plan import FileSpan, Progress


class Kept(NamedTuple):
    """Nobody else changes them until the transaction ends."""

    row: RecorderRow
    session: SessionRow


async def begin(tx: AsyncSession, session: SessionRow, *, first_msn: int) -> None:
    """Keep of a session how far it has been made into files, if nobody does."""
    values = {
        "session_id": session.id,
        "tenant_id": session.tenant_id,
        "next_msn": first_msn,
        "anchor_ms": None,
        "video": None,
        "seen": None,
        "video_index": -1,
        "image_index": -1,
        "videos": 0,
        "is_done": False,
    }
    await insert_new(tx, RecorderRow, values)


async def begin_if_recorded(tx: AsyncSession, session: SessionRow) -> bool:
    """The same of a session that has just begun, however soon it ends; whether it is recorded."""
    stream = await tx.get(StreamRow, session.stream_id)
    if stream is None or not stream.records:
        return False
    await begin(tx, session, first_msn=session_started_at_s(session.id))
    return True


async def switch_on(tx: AsyncSession, stream_id: str) -> None:
    """The stream's settings ask for files now, and did not before: what is on air is made into
    them from its next row on.
    """
    # Not locked by itself: whoever has the recorder's row takes it as well.
    query = select(SessionRow.id).where(
        SessionRow.stream_id == stream_id, SessionRow.ended_at.is_(None)
    )
    session_id = (await tx.execute(query)).scalar_one_or_none()
    if session_id is None:
        return
    kept = (await lock(tx, [session_id])).get(session_id)
    session = await tx.get_one(SessionRow, session_id) if kept is None else kept.session
    began_s = session_started_at_s(session_id)
    next_msn = began_s if session.last_msn is None else session.last_msn + 1
    if kept is None:
        await begin(tx, session, first_msn=next_msn)
    elif kept.row.video is None:  # else nobody has looked since it was switched off
        kept.row.next_msn = max(kept.row.next_msn, next_msn)


async def lock(tx: AsyncSession, sessions: Collection[str]) -> dict[str, Kept]:
    """Of those sessions that are not done, in the order in which everybody locks sessions."""
    query = (
        select(RecorderRow, SessionRow)
        .join(SessionRow, SessionRow.id == RecorderRow.session_id)
        .where(RecorderRow.session_id.in_(sessions), RecorderRow.is_done.is_(False))
        .order_by(RecorderRow.session_id)
        .with_for_update()
    )
    return {row.session_id: Kept(row, session) for row, session in await tx.execute(query)}


async def recorded(
    tx: AsyncSession, among: Collection[str] | None
) -> dict[str, dict[str, Any] | None]:
    """The sessions (of these; None: of all) that are made into files, and the items of their
    streams; None: it was deleted.
    """
    query = (
        select(SessionRow.id, StreamRow.item)
        .join(RecorderRow, RecorderRow.session_id == SessionRow.id)
        .outerjoin(StreamRow, StreamRow.id == SessionRow.stream_id)
        .where(RecorderRow.is_done.is_(False))
        .order_by(SessionRow.id)
    )
    if among is not None:
        query = query.where(SessionRow.id.in_(among))
    return {found.id: found.item for found in await tx.execute(query)}


def progress_of(row: RecorderRow) -> Progress:
    return Progress(
        next_msn=row.next_msn,
        anchor_ms=row.anchor_ms,
        video=None if row.video is None else FileSpan.model_validate(row.video),
        video_index=row.video_index,
        image_index=row.image_index,
        videos=row.videos,
        seen=None if row.seen is None else StoredPicture.model_validate(row.seen),
    )


def keep(row: RecorderRow, progress: Progress) -> None:
    row.next_msn, row.anchor_ms = progress.next_msn, progress.anchor_ms
    row.video = None if progress.video is None else progress.video.model_dump(mode="json")
    row.video_index, row.videos = progress.video_index, progress.videos
    row.image_index = progress.image_index
    row.seen = None if progress.seen is None else progress.seen.model_dump()


async def segments_from(
    tx: AsyncSession, session: SessionRow, first_msn: int, *, limit: int
) -> list[Segment]:
    query = (
        select(SegmentRow)
        .where(
            SegmentRow.tenant_id == session.tenant_id,
            SegmentRow.session_id == session.id,
            SegmentRow.rendition == SOURCE,
            SegmentRow.msn >= first_msn,
        )
        .order_by(SegmentRow.msn)
        .limit(limit)
    )
    return [segments.answer(row) for row in (await tx.execute(query)).scalars()]


async def gaps_from(tx: AsyncSession, session: SessionRow, first_msn: int) -> Sequence[Gap]:
    query = select(GapRow).where(
        GapRow.tenant_id == session.tenant_id,
        GapRow.session_id == session.id,
        GapRow.rendition == SOURCE,
        GapRow.last_msn >= first_msn,
    )
    return [
        Gap(first_msn=row.first_msn, last_msn=row.last_msn, cause=row.cause)
        for row in (await tx.execute(query)).scalars()
    ]
