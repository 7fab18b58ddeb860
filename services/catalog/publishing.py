"""May this stream be published here, and under which session and generation?

A generation is one publish. Whoever holds a lower one than the catalog's latest is history, so
a late word about it harms nobody.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import EndCause, OpenPublish, PublishGrant
from libs.names import new_session_id, session_started_at_s
from services.catalog import (
    fields,
    metrics,
    outbox,
    quotas,
    segments,
    sessions,
    streams,
    tenants,
)
from services.catalog.errors import StreamBusy, StreamDisabled
from services.catalog.models import PublishRow, SessionRow, StreamRow
from services.catalog.usage import GRANT_PENDING

log = structlog.get_logger()


async def open_publish(tx: AsyncSession, ask: OpenPublish, *, now: datetime) -> PublishGrant:
    """Grant the next generation. Raises `StreamUnknown`, `StreamDisabled`, `TenantDisabled`,
    `StreamBusy`, `QuotaBusy`, `StorageFull`.

    The session is the one that the asking ingest still holds, else a new one (also for media of an
    earlier time, which no session that has gone on can take); then the old one,
    if it is open, ends here: `taken_over` from another ingest, `ingest_lost` if the asking
    ingest should hold it and does not.
    """
    stream = await streams.lock(tx, ask.stream)
    if not fields.is_enabled(stream.item):
        raise StreamDisabled(f"The stream {stream.id!r} is disabled; enable it to publish.")
    await tenants.check_enabled(tx, stream.tenant_id)
    current = await sessions.open_of(tx, stream.id)
    if current is not None and stream.publish_policy == "reject":
        publishes = await sessions.publishes_of(tx, current)
        if is_on_air(current, publishes, now) and not is_lost(current, ask):
            metrics.GRANTS.labels("refused").inc()
            raise StreamBusy(f"The stream {stream.id!r} is on air, and its policy is `reject`.")
    await quotas.check_publish(tx, stream.tenant_id, stream.id, now=now)
    stream.generation += 1
    if current is not None and _joins(current, ask):
        session = current
        session.generation, session.granted_at = stream.generation, now
        metrics.GRANTS.labels("joined").inc()
    else:
        if current is not None:
            cause: EndCause = "ingest_lost" if is_lost(current, ask) else "taken_over"
            await end(tx, current, cause, now=now)
        session_id = await _next_session_id(tx, stream, now)
        session = await sessions.add(tx, session_id, stream, ask, now=now)
        metrics.GRANTS.labels("new").inc()
    await sessions.grant(tx, session, ask, now=now)
    return PublishGrant(
        tenant=stream.tenant_id,
        stream=stream.id,
        session=session.id,
        generation=stream.generation,
        policy="reject" if stream.publish_policy == "reject" else "takeover",
        reconnect_window_s=stream.reconnect_window_s,
        view_policy=streams.view_policy_of(stream),
        is_marked=stream.marks is not None,
    )


def _joins(session: SessionRow, ask: OpenPublish) -> bool:
    is_held = session.id == ask.held_session and session.ingest == ask.ingest
    return is_held and not ask.is_earlier


def is_on_air(session: SessionRow, publishes: Sequence[PublishRow], now: datetime) -> bool:
    """Whether the session has a publisher, or has just been promised one."""
    for publish in publishes:
        if publish.ended_at is not None:
            continue
        if publish.generation == session.published_generation:
            return True
        is_pending = publish.generation > session.published_generation
        if is_pending and now - publish.granted_at < GRANT_PENDING:
            return True
    return False


def is_lost(session: SessionRow, ask: OpenPublish) -> bool:
    """Whether the ask itself proves that nobody holds the session: its holder asks without it.

    A restarted ingest has a new name but may keep its address.
    """
    is_holder = ask.ingest == session.ingest or ask.origin_url == session.origin_url
    return is_holder and ask.held_session != session.id


async def kick(tx: AsyncSession, stream_id: str, *, now: datetime) -> None:
    """End what is on air of a stream; its ingest hears of it and closes the connection."""
    session = await sessions.open_of(tx, stream_id)
    if session is not None:
        await end(tx, session, "kicked", now=now)


async def kick_all(tx: AsyncSession, tenant: str, *, now: datetime) -> None:
    """End all that is on air of a tenant."""
    for session in await sessions.all_open(tx):
        if session.tenant_id == tenant:
            await end(tx, session, "kicked", now=now)


async def end(tx: AsyncSession, session: SessionRow, cause: EndCause, *, now: datetime) -> None:
    """End an open session, and say so to everybody."""
    last_tag = await segments.last_tag(tx, session)
    fact = await sessions.close(tx, session, cause, now=now, last_tag=last_tag)
    await outbox.add(tx, fact, tenant=session.tenant_id, now=now, traceparent=session.traceparent)
    metrics.SESSIONS_CLOSED.labels(cause).inc()
    log.info("session.closed", session=session.id, stream=session.stream_id, cause=cause)


async def _next_session_id(tx: AsyncSession, stream: StreamRow, now: datetime) -> str:
    """An id whose start lies after every media sequence number that the stream has used.

    A session's first MSN is its start in seconds, and a player on the stable live playlist must
    never see the number fall (RFC 8216, section 6.2.2).
    """
    start_s = int(now.timestamp())
    latest = await sessions.latest_of(tx, stream.tenant_id, stream.id)
    if latest is not None:
        last_msn = latest.last_msn or 0
        start_s = max(start_s, session_started_at_s(latest.id) + 1, last_msn + 1)
    return new_session_id(start_s)
