"""Console sessions: who is signed in, until when."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    AccessChanged,
    ConsoleSession,
    ConsoleSessions,
    EndConsoleSessions,
    FindConsoleSession,
    FoundSession,
    ListConsoleSessions,
    OpenConsoleSession,
)
from services.catalog import outbox, tenants, users
from services.catalog.errors import ConsoleSessionUnknown
from services.catalog.models import ConsoleSessionRow, UserRow

ID_BYTES = 8
MAX_SESSIONS = 100
"""Of one user; past it the one that was used longest ago ends."""


async def open_one(tx: AsyncSession, ask: OpenConsoleSession, *, now: datetime) -> ConsoleSession:
    """Those that have expired are forgotten on the way. Raises `UserUnknown`."""
    await tx.execute(delete(ConsoleSessionRow).where(ConsoleSessionRow.expires_at < now))
    if ask.user is not None:
        await users.signed_in(tx, ask.tenant, ask.user, password_hash=ask.password_hash, now=now)
    others = await _of_user(tx, ask.tenant, ask.user)
    for row in others[MAX_SESSIONS - 1 :]:
        await tx.delete(row)
        await _say_ended(tx, row, now=now)
    row = ConsoleSessionRow(
        id=secrets.token_hex(ID_BYTES),
        tenant_id=ask.tenant,
        user_id=ask.user,
        digest=ask.digest,
        fence=ask.fence,
        created_at=now,
        expires_at=now + timedelta(seconds=ask.lifetime_s),
        idle_s=ask.idle_s,
        used_at=now,
        address=ask.address,
        agent=ask.agent,
    )
    tx.add(row)
    return _of(row)


async def find(tx: AsyncSession, ask: FindConsoleSession, *, now: datetime) -> FoundSession:
    query = (
        select(ConsoleSessionRow, UserRow)
        .outerjoin(UserRow, UserRow.id == ConsoleSessionRow.user_id)
        .where(ConsoleSessionRow.digest == ask.digest)
    )
    found = (await tx.execute(query)).one_or_none()
    if found is None or not _goes_on(found[0], now):
        return FoundSession(session=None)
    session, user = found
    if user is not None and user.is_disabled:
        return FoundSession(session=None)
    if await tenants.is_disabled(tx, session.tenant_id):
        return FoundSession(session=None)
    return FoundSession(session=_of(session), user=users.of(user) if user is not None else None)


async def list_of(tx: AsyncSession, ask: ListConsoleSessions, *, now: datetime) -> ConsoleSessions:
    rows = await _of_user(tx, ask.tenant, ask.user)
    return ConsoleSessions(sessions=tuple(_of(row) for row in rows if _goes_on(row, now)))


async def end(tx: AsyncSession, ask: EndConsoleSessions, *, now: datetime) -> None:
    """Raises `ConsoleSessionUnknown`."""
    rows = await _of_user(tx, ask.tenant, ask.user)
    if ask.session is not None:
        rows = [row for row in rows if row.id == ask.session]
        if not rows:
            raise ConsoleSessionUnknown(f"There is no session {ask.session[:64]!r}.")
    for row in rows:
        if row.id != ask.except_session:
            await tx.delete(row)
            await _say_ended(tx, row, now=now)


async def note_used(tx: AsyncSession, used: dict[str, datetime]) -> None:
    """Gateways say it out of order: the latest counts."""
    for session, at in sorted(used.items()):
        is_later = (ConsoleSessionRow.id == session, ConsoleSessionRow.used_at < at)
        await tx.execute(update(ConsoleSessionRow).where(*is_later).values(used_at=at))


def _goes_on(row: ConsoleSessionRow, now: datetime) -> bool:
    return now < row.expires_at and now < row.used_at + timedelta(seconds=row.idle_s)


async def _of_user(tx: AsyncSession, tenant: str, user: str | None) -> list[ConsoleSessionRow]:
    """Newest first."""
    theirs: ColumnElement[bool] = ConsoleSessionRow.user_id == user
    if user is None:
        theirs = ConsoleSessionRow.user_id.is_(None)
    query = (
        select(ConsoleSessionRow)
        .where(ConsoleSessionRow.tenant_id == tenant, theirs)
        .order_by(ConsoleSessionRow.used_at.desc(), ConsoleSessionRow.id)
    )
    return list((await tx.execute(query)).scalars())


async def _say_ended(tx: AsyncSession, row: ConsoleSessionRow, *, now: datetime) -> None:
    fact = AccessChanged(tenant=row.tenant_id, kind="session", id=row.id, changed_at=now)
    await outbox.add(tx, fact, tenant=row.tenant_id, now=now)


def _of(row: ConsoleSessionRow) -> ConsoleSession:
    return ConsoleSession(
        id=row.id,
        tenant=row.tenant_id,
        user=row.user_id,
        fence=row.fence,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        address=row.address,
        agent=row.agent,
    )
