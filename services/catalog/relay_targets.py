"""Relay targets: where a stream is pushed to, and what was last said of each push.

A change takes effect while the stream is live: in the same transaction the push is requested or
withdrawn, and `relay_target.changed` tells the worker that pushes to ask again.
"""

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.egress import Egress
from libs.events import (
    CreateRelayTarget,
    DeleteRelayTarget,
    OpenRelay,
    RelayChanged,
    RelayGrant,
    RelayNumbers,
    RelayTarget,
    RelayTargetChanged,
    RelayTargets,
    UpdateRelayTarget,
)
from libs.push_url import PushURL
from services.catalog import offers, outbox, sessions, streams
from services.catalog.errors import RelayTargetsTooMany, RelayTargetUnknown, RelayUnwanted
from services.catalog.models import RelayTargetRow, SessionRow, StreamRow

MAX_TARGETS = 100
"""Of one stream: they come in one answer."""


def check_url(url: str, egress: Egress) -> None:
    """Raises `PushURLInvalid` and `EgressRefused`, both without the key."""
    egress.check_host(PushURL.parse(url).host)


async def create(
    tx: AsyncSession,
    ask: CreateRelayTarget,
    *,
    now: datetime,
    egress: Egress,
    is_of_item: bool = False,
) -> RelayTargetRow:
    """Raises `StreamUnknown`, `RelayTargetsTooMany`, `PushURLInvalid`, `EgressRefused`."""
    check_url(ask.url, egress)
    stream = await streams.lock(tx, ask.stream, tenant=ask.tenant)
    if await _count(tx, stream) >= MAX_TARGETS:
        raise RelayTargetsTooMany(f"A stream has at most {MAX_TARGETS} relay targets.")
    row = RelayTargetRow(
        id=secrets.token_hex(6),
        tenant_id=stream.tenant_id,
        stream_id=stream.id,
        name=ask.target_name,
        url=ask.url,
        rendition=ask.rendition,
        is_enabled=ask.is_enabled,
        is_of_item=is_of_item,
        revision=1,
        created_at=now,
        changed_at=now,
        epoch=0,
        number=0,
        state="idle",
        numbers={},
    )
    tx.add(row)
    await _say_changed(tx, row, now=now)
    return row


async def update(
    tx: AsyncSession, ask: UpdateRelayTarget, *, now: datetime, egress: Egress
) -> RelayTargetRow:
    """Raises what `create` does, and `RelayTargetUnknown`."""
    if ask.url is not None:
        check_url(ask.url, egress)
    row = await _lock(tx, ask.tenant, ask.stream, ask.id)
    wanted = {
        "name": ask.target_name,
        "url": ask.url,
        "rendition": ask.rendition,
        "is_enabled": ask.is_enabled,
    }
    changes = {name: value for name, value in wanted.items() if value is not None}
    if any(getattr(row, name) != value for name, value in changes.items()):
        for name, value in changes.items():
            setattr(row, name, value)
        row.revision += 1
        row.changed_at = now
        await _say_changed(tx, row, now=now)
    return row


async def delete(tx: AsyncSession, ask: DeleteRelayTarget, *, now: datetime) -> RelayTargetRow:
    """Raises `StreamUnknown`, `RelayTargetUnknown`."""
    row = await _lock(tx, ask.tenant, ask.stream, ask.id)
    await _delete(tx, row, now=now)
    return row


async def delete_all(tx: AsyncSession, tenant: str, stream: str, *, now: datetime) -> None:
    """The stream is being deleted."""
    for row in await _rows(tx, tenant, stream):
        await _delete(tx, row, now=now)


async def list_of(tx: AsyncSession, tenant: str, stream: str) -> RelayTargets:
    """Oldest first. Raises `StreamUnknown`."""
    await streams.get(tx, tenant, stream)
    live_session = await _live_session(tx, stream)
    rows = await _rows(tx, tenant, stream)
    return RelayTargets(targets=tuple(_answer(row, live_session) for row in rows))


async def answer(tx: AsyncSession, row: RelayTargetRow) -> RelayTarget:
    """The target as it is shown."""
    return _answer(row, await _live_session(tx, row.stream_id))


async def request_all(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    """The session is on air: offer its pushes."""
    for row in await _rows(tx, session.tenant_id, session.stream_id):
        if row.is_enabled:
            await offers.request(tx, offers.RELAY, session, row.id, now=now)


async def open_relay(tx: AsyncSession, ask: OpenRelay) -> RelayGrant:
    """Raises `RelayUnwanted`."""
    session = await tx.get(SessionRow, ask.session)
    row = await tx.get(RelayTargetRow, ask.target)
    if session is None or session.ended_at is not None:
        raise RelayUnwanted("The session is over.")
    if row is None or (row.tenant_id, row.stream_id) != (session.tenant_id, session.stream_id):
        raise RelayUnwanted("The target was deleted.")
    if not row.is_enabled:
        raise RelayUnwanted("The target is disabled.")
    return RelayGrant(url=row.url, rendition=row.rendition, revision=row.revision)


async def changed(tx: AsyncSession, fact: RelayChanged) -> bool:
    """Apply the fact, unless something newer was said; whether the state is another now, and not
    only its numbers. A deleted target has no state.
    """
    row = await tx.get(RelayTargetRow, fact.target, with_for_update=True)
    if row is None:
        return False
    # A session's id begins with its start, so ids sort as the sessions do.
    known = (row.session_id or "", row.epoch, row.number)
    if (fact.session, fact.epoch, fact.number) <= known:
        return False
    before = (row.session_id, row.state, row.cause)
    row.session_id, row.epoch, row.number = fact.session, fact.epoch, fact.number
    row.state, row.cause, row.detail, row.since = fact.state, fact.cause, fact.detail, fact.since
    row.numbers = fact.numbers.model_dump()
    await tx.flush()
    return (row.session_id, row.state, row.cause) != before


async def of_item(tx: AsyncSession, stream: StreamRow) -> RelayTargetRow | None:
    """The target that the fields of the stream's item keep."""
    query = select(RelayTargetRow).where(
        _is_of(stream.tenant_id, stream.id), RelayTargetRow.is_of_item.is_(True)
    )
    return (await tx.execute(query.with_for_update())).scalar_one_or_none()


async def _say_changed(
    tx: AsyncSession, row: RelayTargetRow, *, now: datetime, is_deleted: bool = False
) -> None:
    """Request or withdraw the push of what is on air, and tell whoever pushes."""
    await tx.flush()
    session = await sessions.open_of(tx, row.stream_id)
    if session is not None and session.published_generation:
        if row.is_enabled and not is_deleted:
            await offers.request(tx, offers.RELAY, session, row.id, now=now)
        else:
            await offers.withdraw(tx, offers.RELAY, session.id, row.id, now=now)
    fact = RelayTargetChanged(
        tenant=row.tenant_id,
        stream=row.stream_id,
        target=row.id,
        revision=row.revision + is_deleted,
    )
    await outbox.add(tx, fact, tenant=row.tenant_id, now=now)


async def _delete(tx: AsyncSession, row: RelayTargetRow, *, now: datetime) -> None:
    await _say_changed(tx, row, now=now, is_deleted=True)
    await tx.delete(row)
    await tx.flush()


async def _lock(tx: AsyncSession, tenant: str, stream: str, target: str) -> RelayTargetRow:
    await streams.lock(tx, stream, tenant=tenant)
    row = await tx.get(RelayTargetRow, target, with_for_update=True)
    if row is None or (row.tenant_id, row.stream_id) != (tenant, stream):
        raise RelayTargetUnknown("The stream has no such relay target.")
    return row


async def _rows(tx: AsyncSession, tenant: str, stream: str) -> list[RelayTargetRow]:
    query = (
        select(RelayTargetRow)
        .where(_is_of(tenant, stream))
        .order_by(RelayTargetRow.created_at, RelayTargetRow.id)
    )
    return list((await tx.execute(query)).scalars())


async def _count(tx: AsyncSession, stream: StreamRow) -> int:
    query = select(func.count()).select_from(RelayTargetRow)
    return (await tx.execute(query.where(_is_of(stream.tenant_id, stream.id)))).scalar_one()


def _is_of(tenant: str, stream: str) -> ColumnElement[bool]:
    return and_(RelayTargetRow.tenant_id == tenant, RelayTargetRow.stream_id == stream)


async def _live_session(tx: AsyncSession, stream: str) -> str | None:
    """The open session's id; unlike `sessions.open_of` it may end while we look."""
    query = select(SessionRow.id).where(
        SessionRow.stream_id == stream, SessionRow.ended_at.is_(None)
    )
    return (await tx.execute(query)).scalar_one_or_none()


def _answer(row: RelayTargetRow, live_session: str | None) -> RelayTarget:
    shown = RelayTarget(
        id=row.id,
        tenant=row.tenant_id,
        stream=row.stream_id,
        name=row.name,
        url=PushURL.parse(row.url).shown,
        rendition=row.rendition,
        is_enabled=row.is_enabled,
        created_at=row.created_at,
    )
    if not row.is_enabled:
        return shown.model_copy(update={"state": "stopped", "since": row.changed_at})
    if live_session is None or live_session != row.session_id:
        # What was said of an earlier session says nothing of now.
        return shown
    said = {
        "state": row.state,
        "cause": row.cause,
        "detail": row.detail,
        "since": row.since,
        "numbers": RelayNumbers.model_validate(row.numbers),
    }
    return shown.model_copy(update=said)
