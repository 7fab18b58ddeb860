"""Users: who may sign in, and as what."""

import secrets
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    AccessChanged,
    CreateUser,
    DeleteUser,
    FindLogin,
    GetUser,
    ListUsers,
    Login,
    NoteRehash,
    UpdateUser,
    User,
    Users,
)
from libs.permissions import Role
from services.catalog import outbox, quotas, tenants
from services.catalog.database import insert_new
from services.catalog.errors import UserExists, UserUnknown
from services.catalog.models import ConsoleSessionRow, UserRow
from services.catalog.page import fit

ID_BYTES = 8


async def find_login(tx: AsyncSession, ask: FindLogin) -> Login:
    query = select(UserRow).where(UserRow.name == ask.user_name)
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None or await tenants.is_disabled(tx, row.tenant_id):
        return Login(user=None)
    return Login(user=of(row), password_hash=row.password_hash)


async def create(tx: AsyncSession, ask: CreateUser, *, now: datetime) -> User:
    """Raises `UserExists`, `QuotaFull`, `TenantUnknown`."""
    await quotas.check_users(tx, ask.tenant)
    values = {
        "id": f"user-{secrets.token_hex(ID_BYTES)}",
        "tenant_id": ask.tenant,
        "name": ask.user_name,
        "role": ask.role.value,
        "password_hash": ask.password_hash,
        "is_disabled": False,
        "created_at": now,
        "signed_in_at": None,
    }
    if not await insert_new(tx, UserRow, values):
        raise UserExists(f"There is a user {ask.user_name!r} already; choose another name.")
    return of(await tx.get_one(UserRow, values["id"]))


async def get(tx: AsyncSession, ask: GetUser) -> User:
    """Raises `UserUnknown`."""
    return of(await _row(tx, ask.tenant, ask.user))


async def list_page(tx: AsyncSession, ask: ListUsers) -> Users:
    query = (
        select(UserRow)
        .where(UserRow.tenant_id == ask.tenant, UserRow.name > (ask.after or ""))
        .order_by(UserRow.name)
        .limit(ask.limit + 1)
    )
    rows = (await tx.execute(query)).scalars().all()
    users, has_more = fit((of(row) for row in rows), ask.limit)
    return Users(users=users, next_after=users[-1].name if has_more else None)


async def update_user(tx: AsyncSession, ask: UpdateUser, *, now: datetime) -> User:
    """Raises `UserUnknown`."""
    row = await _row(tx, ask.tenant, ask.user, for_update=True)
    if ask.role is not None:
        row.role = ask.role.value
    if ask.is_disabled is not None:
        row.is_disabled = ask.is_disabled
    if ask.password_hash is not None:
        row.password_hash = ask.password_hash
    if ask.is_disabled or ask.password_hash is not None:
        await _sign_out(tx, row.id, except_session=ask.except_session)
    await _say_changed(tx, row, now=now, except_session=ask.except_session)
    return of(row)


async def note_rehash(tx: AsyncSession, ask: NoteRehash) -> None:
    """Unless the password was changed meanwhile."""
    is_same = (UserRow.id == ask.user, UserRow.password_hash == ask.old_hash)
    await tx.execute(update(UserRow).where(*is_same).values(password_hash=ask.new_hash))


async def delete_user(tx: AsyncSession, ask: DeleteUser, *, now: datetime) -> None:
    """Raises `UserUnknown`."""
    row = await _row(tx, ask.tenant, ask.user, for_update=True)
    await _sign_out(tx, row.id)
    await tx.delete(row)
    await _say_changed(tx, row, now=now)


async def signed_in(
    tx: AsyncSession, tenant: str, user: str, *, password_hash: str, now: datetime
) -> None:
    """Note it, if that is still the user's password. Raises `UserUnknown`."""
    row = await _row(tx, tenant, user, for_update=True)
    if row.is_disabled or row.password_hash != password_hash:
        raise UserUnknown("The user was changed while signing in; sign in again.")
    row.signed_in_at = now


def of(row: UserRow) -> User:
    return User(
        id=row.id,
        tenant=row.tenant_id,
        name=row.name,
        role=Role(row.role),
        is_disabled=row.is_disabled,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )


async def _row(tx: AsyncSession, tenant: str, user: str, *, for_update: bool = False) -> UserRow:
    row = await tx.get(UserRow, user, with_for_update=for_update)
    if row is None or row.tenant_id != tenant:
        raise UserUnknown(f"There is no user {user[:64]!r}.")
    return row


async def _sign_out(tx: AsyncSession, user: str, *, except_session: str | None = None) -> None:
    theirs = delete(ConsoleSessionRow).where(ConsoleSessionRow.user_id == user)
    if except_session is not None:
        theirs = theirs.where(ConsoleSessionRow.id != except_session)
    await tx.execute(theirs)


async def _say_changed(
    tx: AsyncSession, row: UserRow, *, now: datetime, except_session: str | None = None
) -> None:
    fact = AccessChanged(
        tenant=row.tenant_id,
        kind="user",
        id=row.id,
        except_session=except_session,
        changed_at=now,
    )
    await outbox.add(tx, fact, tenant=row.tenant_id, now=now)
