"""Ladders of streams that are live: the job that makes them, and what was last said of it.

A change takes effect while the stream is live: in the same transaction the job is requested or
withdrawn, and `stream.changed` tells the worker that has it to ask again.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import GetTranscodePlan, TranscodeChanged, TranscodePlan
from services.catalog import offers, sessions, streams
from services.catalog.errors import TranscodeUnwanted
from services.catalog.models import JobRow, SessionRow, StreamRow


async def follow(tx: AsyncSession, stream_id: str, *, now: datetime) -> None:
    """The stream was changed: request or withdraw the job of what is on air."""
    session = await sessions.open_of(tx, stream_id)
    if session is not None and session.published_generation:
        await request(tx, session, now=now)


async def request(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    """The session is on air: offer its job, or withdraw it if its stream wants no rungs and no
    marks.
    """
    stream = await tx.get(StreamRow, session.stream_id)
    if stream is not None and (stream.ladder is not None or stream.marks is not None):
        await offers.request(tx, offers.TRANSCODE, session, now=now)
    else:
        await offers.withdraw(tx, offers.TRANSCODE, session.id, now=now)


async def get_plan(tx: AsyncSession, ask: GetTranscodePlan) -> TranscodePlan:
    """Raises `TranscodeUnwanted`."""
    session = await tx.get(SessionRow, ask.session)
    if session is None or session.ended_at is not None:
        raise TranscodeUnwanted("The session is over.")
    stream = await tx.get(StreamRow, session.stream_id)
    if stream is None or stream.tenant_id != session.tenant_id:
        raise TranscodeUnwanted("The stream was deleted.")
    ladder, marks = streams.ladder_of(stream), streams.marks_of(stream)
    if ladder is None and not marks:
        raise TranscodeUnwanted("The stream has neither ladder nor marks.")
    return TranscodePlan(version=stream.revision, ladder=ladder, marks=marks)


async def changed(tx: AsyncSession, fact: TranscodeChanged) -> None:
    """Apply the fact, unless something newer was said."""
    row = await tx.get(JobRow, fact.job, with_for_update=True)
    if row is None:
        return
    known = (row.report["epoch"], row.report["number"]) if row.report else (0, 0)
    if (fact.report.epoch, fact.report.number) > known:
        row.report = fact.report.model_dump(mode="json")
        await tx.flush()
