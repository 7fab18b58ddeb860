"""Sessions and their publishes: what was on air, from when to when, and why it ended."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.bus.tracing import traceparent
from libs.events import (
    CheckSessions,
    EndCause,
    EndedSession,
    EndedSessions,
    GetSession,
    ListSessions,
    OpenPublish,
    Segment,
    Session,
    SessionEnded,
    SessionPage,
    SoundChanged,
    StreamPublished,
    StreamUnpublished,
)
from services.catalog import fields, page, streams
from services.catalog.errors import FactContradicts, SessionNotYetKnown, SessionUnknown
from services.catalog.models import PublishRow, SessionRow, StreamRow

_IS_SHOWN = or_(SessionRow.ended_at.is_(None), SessionRow.cause.is_not(None))
"""An asset's own session is over from its beginning; while its rows are made it has no cause."""


def is_in_the_making(row: SessionRow) -> bool:
    return row.ended_at is not None and row.cause is None


async def open_of(tx: AsyncSession, stream_id: str) -> SessionRow | None:
    """The one session of the stream that has not ended; it does not end until we are done."""
    is_its_open = and_(SessionRow.stream_id == stream_id, SessionRow.ended_at.is_(None))
    query = select(SessionRow).where(is_its_open).with_for_update()
    return (await tx.execute(query)).scalar_one_or_none()


async def latest_of(tx: AsyncSession, tenant: str, stream_id: str) -> SessionRow | None:
    query = (
        select(SessionRow)
        .where(SessionRow.tenant_id == tenant, SessionRow.stream_id == stream_id)
        .order_by(SessionRow.id.desc())
        .limit(1)
    )
    return (await tx.execute(query)).scalar_one_or_none()


async def add(
    tx: AsyncSession, session_id: str, stream: StreamRow, ask: OpenPublish, *, now: datetime
) -> SessionRow:
    """A new session, under the stream's current generation and settings."""
    row = SessionRow(
        id=session_id,
        tenant_id=stream.tenant_id,
        stream_id=stream.id,
        ingest=ask.ingest,
        origin_url=ask.origin_url,
        first_generation=stream.generation,
        generation=stream.generation,
        published_generation=0,
        granted_at=now,
        started_at=now,
        traceparent=traceparent(),
        segment_s=stream.segment_s,
        playlist_segments=stream.playlist_segments,
        segments=0,
        duration_us=0,
        size_bytes=0,
        files_bytes=0,
    )
    tx.add(row)
    await tx.flush()
    return row


async def grant(tx: AsyncSession, row: SessionRow, ask: OpenPublish, *, now: datetime) -> None:
    """Write down the publish that was just granted: the session's generation of now."""
    tx.add(
        PublishRow(
            tenant_id=row.tenant_id,
            stream_id=row.stream_id,
            generation=row.generation,
            session_id=row.id,
            ingest=ask.ingest,
            origin_url=ask.origin_url,
            remote_address=ask.remote_address,
            granted_at=now,
        )
    )
    await tx.flush()


async def publishes_of(tx: AsyncSession, row: SessionRow) -> list[PublishRow]:
    """Oldest first."""
    query = (
        select(PublishRow).where(PublishRow.session_id == row.id).order_by(PublishRow.generation)
    )
    return list((await tx.execute(query)).scalars())


async def published(tx: AsyncSession, fact: StreamPublished) -> SessionRow:
    """Apply the fact. Raises `SessionNotYetKnown`, `FactContradicts`."""
    row = await lock(tx, fact.tenant, fact.stream, fact.session)
    publish = await _publish_of(tx, row, fact.generation)
    publish.published_at = publish.published_at or fact.started_at
    row.published_generation = max(row.published_generation, fact.generation)
    if fact.generation == row.first_generation:
        row.started_at = fact.started_at
        row.traceparent = row.traceparent or traceparent()
    await tx.flush()
    return row


async def unpublished(tx: AsyncSession, fact: StreamUnpublished) -> None:
    """Apply the fact: it ends its own publish and no other, however late it comes."""
    row = await lock(tx, fact.tenant, fact.stream, fact.session)
    publish = await _publish_of(tx, row, fact.generation)
    if publish.ended_at is None:
        publish.ended_at, publish.cause = fact.ended_at, fact.cause
    await tx.flush()


async def sound_changed(tx: AsyncSession, fact: SoundChanged) -> SessionRow:
    """Apply the fact, unless a newer one was."""
    row = await lock(tx, fact.tenant, fact.stream, fact.session)
    if row.sound_tag is None or fact.tag > row.sound_tag:
        row.foreign_sound, row.sound_tag = fact.foreign_codec, fact.tag
    await tx.flush()
    return row


async def ended(tx: AsyncSession, fact: SessionEnded) -> SessionRow:
    """Apply the fact. The holder's own word replaces what the catalog had to conclude."""
    row = await lock(tx, fact.tenant, fact.stream, fact.session)
    if row.ended_at is None or (row.cause == "ingest_lost" and fact.cause != "ingest_lost"):
        row.ended_at, row.cause, row.last_tag = fact.ended_at, fact.cause, fact.last_tag
    await tx.flush()
    return row


async def close(
    tx: AsyncSession, row: SessionRow, cause: EndCause, *, now: datetime, last_tag: int
) -> SessionEnded:
    """End a session whose holder will not say so itself; the fact has yet to be told."""
    row.ended_at, row.cause, row.last_tag = now, cause, last_tag
    await tx.flush()
    return SessionEnded(
        tenant=row.tenant_id,
        stream=row.stream_id,
        session=row.id,
        cause=cause,
        last_tag=last_tag,
        ended_at=now,
    )


async def lock(tx: AsyncSession, tenant: str, stream_id: str, session_id: str) -> SessionRow:
    """The row that a fact is about, which nobody else changes until this transaction ends.

    Raises `SessionNotYetKnown` and `FactContradicts`.
    """
    row = await get_locked(tx, session_id)
    if row is None:
        raise SessionNotYetKnown(f"The catalog does not know session {session_id!r} yet.")
    if (row.tenant_id, row.stream_id) != (tenant, stream_id):
        raise FactContradicts(f"Session {session_id!r} belongs to another stream.")
    return row


async def lock_all(tx: AsyncSession, rows: Sequence[Segment]) -> dict[str, SessionRow]:
    """The same of all that these segments are about, by id; each is locked in its turn.

    Raises `SessionNotYetKnown` and `FactContradicts`.
    """
    found = await lock_known(tx, {row.session for row in rows})
    for row in rows:
        session = found.get(row.session)
        if session is None:
            raise SessionNotYetKnown(f"The catalog does not know session {row.session!r} yet.")
        if (session.tenant_id, session.stream_id) != (row.tenant, row.stream):
            raise FactContradicts(f"Session {row.session!r} belongs to another stream.")
    return found


async def lock_known(tx: AsyncSession, names: Collection[str]) -> dict[str, SessionRow]:
    """Those that there are, by id, each locked in its turn."""
    query = (
        select(SessionRow)
        .where(SessionRow.id.in_(names))
        .order_by(SessionRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in (await tx.execute(query)).scalars()}


async def get_locked(tx: AsyncSession, session_id: str) -> SessionRow | None:
    return await tx.get(SessionRow, session_id, with_for_update=True)


async def get(tx: AsyncSession, ask: GetSession) -> Session:
    """Raises `SessionUnknown`."""
    its = and_(SessionRow.id == ask.id, SessionRow.tenant_id == ask.tenant, _IS_SHOWN)
    found = (await tx.execute(_with_publish().where(its))).one_or_none()
    if found is None:
        raise SessionUnknown(f"There is no session {ask.id[:64]!r}.")
    return _answer(*found)


async def list_page(tx: AsyncSession, ask: ListSessions) -> SessionPage:
    """Newest first: a session's id begins with its start."""
    query = _with_publish().where(_IS_SHOWN)
    if ask.tenant is not None:
        query = query.where(SessionRow.tenant_id == ask.tenant)
    if ask.stream is not None:
        query = query.where(SessionRow.stream_id == ask.stream)
    if ask.is_open is not None:
        is_open = SessionRow.ended_at.is_(None)
        query = query.where(is_open if ask.is_open else ~is_open)
    if ask.from_at is not None:
        query = query.where(SessionRow.ended_at.is_(None) | (SessionRow.ended_at > ask.from_at))
    if ask.until_at is not None:
        query = query.where(SessionRow.started_at < ask.until_at)
    if ask.after is not None:
        query = query.where(SessionRow.id < ask.after)
    query = query.order_by(SessionRow.id.desc()).limit(ask.limit + 1)
    answers = [_answer(*found) for found in await tx.execute(query)]
    sessions, has_more = page.fit(answers, ask.limit)
    return SessionPage(sessions=sessions, next_after=sessions[-1].id if has_more else None)


async def ended_of(tx: AsyncSession, ask: CheckSessions) -> EndedSessions:
    """A session that the catalog does not know is not over: the catalog may have lost its data."""
    query = select(SessionRow).where(
        SessionRow.id.in_(ask.sessions), SessionRow.ended_at.is_not(None)
    )
    rows = (await tx.execute(query)).scalars()
    return EndedSessions(
        ended=tuple(
            EndedSession.model_validate({"session": row.id, "cause": row.cause}) for row in rows
        )
    )


async def all_open(tx: AsyncSession) -> list[SessionRow]:
    query = select(SessionRow).where(SessionRow.ended_at.is_(None)).order_by(SessionRow.id)
    return list((await tx.execute(query)).scalars())


async def _publish_of(tx: AsyncSession, row: SessionRow, generation: int) -> PublishRow:
    """The publish that a fact is about. Raises `FactContradicts`."""
    found = await tx.get(PublishRow, (row.tenant_id, row.stream_id, generation))
    if found is None or found.session_id != row.id:
        raise FactContradicts(f"Generation {generation} was not granted to session {row.id!r}.")
    return found


def _with_publish() -> Select[SessionRow, PublishRow, StreamRow]:
    is_its_publish = and_(
        PublishRow.tenant_id == SessionRow.tenant_id,
        PublishRow.stream_id == SessionRow.stream_id,
        PublishRow.generation == SessionRow.published_generation,
    )
    is_its_stream = and_(
        StreamRow.id == SessionRow.stream_id, StreamRow.tenant_id == SessionRow.tenant_id
    )
    return (
        select(SessionRow, PublishRow, StreamRow)
        .outerjoin(PublishRow, is_its_publish)
        .outerjoin(StreamRow, is_its_stream)
    )


def _answer(row: SessionRow, publish: PublishRow | None, stream: StreamRow | None) -> Session:
    is_on_air = row.ended_at is None and publish is not None and publish.ended_at is None
    return Session(
        tenant=row.tenant_id,
        stream=row.stream_id,
        id=row.id,
        origin_url=row.origin_url,
        generation=row.generation,
        started_at=row.started_at,
        ended_at=row.ended_at,
        cause=row.cause,
        is_publishing=is_on_air,
        is_deleting=row.deleting_since is not None,
        segments=row.segments,
        size_bytes=row.size_bytes,
        duration_s=row.duration_us / 1_000_000,
        traceparent=row.traceparent,
        segment_s=row.segment_s,
        playlist_segments=row.playlist_segments,
        view_policy=streams.view_policy_of(stream) if stream else None,
        is_cdn_allowed=stream is not None and fields.is_cdn_allowed(stream.item),
        revision=stream.revision if stream else 0,
    )
