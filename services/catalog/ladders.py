"""Ladders of streams that are live: the job that makes them, and what was last said of it.

A change takes effect while the stream is live: in the same transaction the job is requested or
withdrawn, and `stream.changed` tells the worker that has it to ask again. Of a lazy ladder the same
is done when somebody begins to watch, and when nobody has for a while; `ladder.changed` tells it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    GetLadder,
    GetTranscodePlan,
    Ladder,
    LadderChanged,
    LadderDemand,
    PlannedLadder,
    TranscodeChanged,
    TranscodePlan,
    WantLadder,
)
from services.catalog import offers, outbox, sessions, streams
from services.catalog.errors import TranscodeUnwanted
from services.catalog.models import JobRow, SessionRow, StreamRow

SAID_TIMES = 4
"""The demand for a lazy ladder is said so often within the time after which it ends."""
NOT_LAZY_AGAIN_S = 30.0
"""A ladder that is not lazy may be made so."""


async def follow(tx: AsyncSession, stream_id: str, *, now: datetime) -> None:
    """The stream was changed: request or withdraw the job of what is on air."""
    session = await sessions.open_of(tx, stream_id)
    if session is not None and session.published_generation:
        await request(tx, session, now=now)


async def request(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    """The session is on air: offer its job, or withdraw it if there are no rungs, no marks and no
    sound to be made now.
    """
    stream = await tx.get(StreamRow, session.stream_id)
    wanted = stream is not None and (stream.marks is not None or _made_now(stream, session))
    if wanted or session.foreign_sound is not None:
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
    ladder, marks = _made_now(stream, session), streams.marks_of(stream)
    is_foreign = session.foreign_sound is not None
    if ladder is None and not marks and not is_foreign:
        raise TranscodeUnwanted("The stream has neither ladder nor marks, or nobody watches it.")
    return TranscodePlan(
        version=stream.revision, ladder=ladder, marks=marks, makes_sound=is_foreign
    )


async def get(tx: AsyncSession, ask: GetLadder) -> PlannedLadder:
    session = await tx.get(SessionRow, ask.session)
    if session is None or session.ended_at is not None:
        return PlannedLadder()
    return PlannedLadder(ladder=await ladder_of(tx, session))


async def changed(tx: AsyncSession, fact: TranscodeChanged) -> None:
    """Apply the fact, unless something newer was said."""
    row = await tx.get(JobRow, fact.job, with_for_update=True)
    if row is None:
        return
    known = (row.report["epoch"], row.report["number"]) if row.report else (0, 0)
    if (fact.report.epoch, fact.report.number) > known:
        row.report = fact.report.model_dump(mode="json")
        await tx.flush()


# --- lazy ladders -------------------------------------------------------------------------------


async def want(tx: AsyncSession, ask: WantLadder, *, now: datetime, idle_s: float) -> LadderDemand:
    """Somebody watches: a lazy ladder is made for `idle_s` more."""
    session = await sessions.get_locked(tx, ask.session)
    if session is None or session.ended_at is not None:
        return LadderDemand(again_s=NOT_LAZY_AGAIN_S)
    ladder = await ladder_of(tx, session)
    rungs = tuple(rung.name for rung in ladder.rungs) if ladder is not None else ()
    if ladder is None or ladder.mode != "lazy":
        return LadderDemand(again_s=NOT_LAZY_AGAIN_S, rungs=rungs)
    is_news = session.ladder_wanted_at is None
    session.ladder_wanted_at = now
    if is_news:
        await _turn(tx, session, now=now)
    return LadderDemand(again_s=idle_s / SAID_TIMES, rungs=rungs)


async def has_idle(tx: AsyncSession, *, now: datetime, idle_s: float) -> bool:
    return (await tx.execute(_idle(now, idle_s).limit(1))).first() is not None


async def let_go(tx: AsyncSession, *, now: datetime, idle_s: float) -> None:
    """End the lazy ladders that nobody has watched for `idle_s`."""
    for session in (await tx.execute(_idle(now, idle_s).with_for_update())).scalars().all():
        session.ladder_wanted_at = None
        await _turn(tx, session, now=now)


def _idle(now: datetime, idle_s: float) -> Select[SessionRow]:
    return select(SessionRow).where(
        SessionRow.ended_at.is_(None),
        SessionRow.ladder_wanted_at < now - timedelta(seconds=idle_s),
    )


async def _turn(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    await tx.flush()
    if session.published_generation:
        await request(tx, session, now=now)
    fact = LadderChanged(
        stream=session.stream_id,
        session=session.id,
        is_wanted=session.ladder_wanted_at is not None,
        changed_at=now,
    )
    await outbox.add(tx, fact, tenant=session.tenant_id, now=now)


def is_idle(ladder: Ladder | None, session: SessionRow) -> bool:
    """Whether it is lazy, and nobody watches."""
    return ladder is not None and ladder.mode == "lazy" and session.ladder_wanted_at is None


async def ladder_of(tx: AsyncSession, session: SessionRow) -> Ladder | None:
    """What the session's stream wants now."""
    stream = await tx.get(StreamRow, session.stream_id)
    if stream is None or stream.tenant_id != session.tenant_id:
        return None
    return streams.ladder_of(stream)


def _made_now(stream: StreamRow, session: SessionRow) -> Ladder | None:
    ladder = streams.ladder_of(stream)
    return None if is_idle(ladder, session) else ladder
