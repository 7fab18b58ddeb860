"""`/api/v1/users`: who may sign in, and as what.

Nobody gives, changes or takes away more than it may itself, and nobody does so to itself: an owner
who could lock out all owners would.
"""

import re
import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from libs.events import (
    CreateUser,
    DeleteUser,
    EndConsoleSessions,
    GetUser,
    ListUsers,
    UpdateUser,
    User,
)
from libs.events.access import MAX_USER_NAME, PAGE_ACCESS
from libs.permissions import Permission, Role
from services.gateway.access.caller import Caller
from services.gateway.access.passwords import MAX_CHARS, MIN_CHARS
from services.gateway.api.auth import TheCaller, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.errors import OwnAccount, PermissionLacking, UserNameTaken

router = APIRouter(prefix="/users", tags=["users"])
UserId = Annotated[str, Path(pattern="^user-[0-9a-f]{16}$")]
Password = Annotated[str, Field(min_length=MIN_CHARS, max_length=MAX_CHARS)]
MADE_BYTES = 15
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]*", re.ASCII)


def _check_name(name: str) -> str:
    name = name.lower()
    if not _NAME.fullmatch(name):
        raise ValueError("has letters, digits and . _ @ + - only, and begins with one of the first")
    return name


UserName = Annotated[
    str, Field(min_length=1, max_length=MAX_USER_NAME), AfterValidator(_check_name)
]
"""What is signed in with: an e-mail address will do. Kept in lower case."""


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: UserName
    """What is signed in with: an e-mail address will do. Kept in lower case."""
    role: Role
    password: Password | None = None
    """Default: Weir makes one."""


class UserChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    is_disabled: bool | None = None
    """A user who is disabled cannot sign in, and is signed out."""
    password: Password | None = None
    """The user is signed out by it."""


class UserView(BaseModel):
    id: str
    name: str
    role: Role
    is_disabled: bool
    created_at: datetime
    signed_in_at: datetime | None


class MadeUser(UserView):
    password: str | None
    """That Weir has made; it is told just this once."""


class UserViews(BaseModel):
    users: list[UserView]
    """Without the owner of the settings."""
    next_after: str | None


@router.get("", dependencies=[needs(Permission.USERS_READ)])
async def list_users(
    house: TheHouse,
    caller: TheCaller,
    after: Annotated[str | None, Query(max_length=MAX_USER_NAME)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ACCESS)] = PAGE_ACCESS,
) -> UserViews:
    """A page of users, by name."""
    page = await house.catalog.ask(ListUsers(tenant=caller.tenant, after=after, limit=limit))
    return UserViews(users=[_view(user) for user in page.users], next_after=page.next_after)


@router.post("", status_code=201, dependencies=[needs(Permission.USERS_WRITE)])
async def create_user(
    body: NewUser, response: Response, house: TheHouse, caller: TheCaller
) -> MadeUser:
    """Make a user, who may no more than the caller."""
    _check_role(caller, body.role)
    if house.access.owner.is_named(body.name):
        raise UserNameTaken(f"{body.name!r} is the owner of the settings; choose another name.")
    made = None if body.password else secrets.token_urlsafe(MADE_BYTES)
    ask = CreateUser(
        tenant=caller.tenant,
        user_name=body.name,
        role=body.role,
        password_hash=await house.access.passwords.hash(body.password or made or ""),
    )
    user = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/users/{user.id}"
    return MadeUser(**_view(user).model_dump(), password=made)


@router.get("/{user_id}", dependencies=[needs(Permission.USERS_READ)])
async def get_user(user_id: UserId, house: TheHouse, caller: TheCaller) -> UserView:
    """One user."""
    return _view(await house.catalog.ask(GetUser(tenant=caller.tenant, user=user_id)))


@router.patch("/{user_id}", dependencies=[needs(Permission.USERS_WRITE)])
async def update_user(
    user_id: UserId, body: UserChange, house: TheHouse, caller: TheCaller
) -> UserView:
    """Change a user's role or password, disable or enable it. It holds at once."""
    await _check_theirs(caller, user_id, house)
    if body.role is not None:
        _check_role(caller, body.role)
    ask = UpdateUser(
        tenant=caller.tenant,
        user=user_id,
        role=body.role,
        is_disabled=body.is_disabled,
        password_hash=await house.access.passwords.hash(body.password) if body.password else None,
    )
    user = await house.catalog.ask(ask)
    house.access.callers.doubt()
    return _view(user)


@router.delete("/{user_id}", status_code=204, dependencies=[needs(Permission.USERS_WRITE)])
async def delete_user(user_id: UserId, house: TheHouse, caller: TheCaller) -> None:
    """Delete a user, who is signed out. API keys that it has made go on: revoke them by name."""
    await _check_theirs(caller, user_id, house)
    await house.catalog.ask(DeleteUser(tenant=caller.tenant, user=user_id))
    house.access.callers.doubt()


@router.delete("/{user_id}/sessions", status_code=204, dependencies=[needs(Permission.USERS_WRITE)])
async def sign_user_out(user_id: UserId, house: TheHouse, caller: TheCaller) -> None:
    """End all console sessions of a user."""
    await _check_theirs(caller, user_id, house)
    await house.catalog.ask(EndConsoleSessions(tenant=caller.tenant, user=user_id))
    house.access.callers.doubt()


def _check_role(caller: Caller, role: Role) -> None:
    """Raises `PermissionLacking`."""
    lacking = sorted(role.permissions_in(caller.tenant) - caller.permissions)
    if lacking:
        raise PermissionLacking(f"The role {role} may {lacking[0]}, which you may not.")


async def _check_theirs(caller: Caller, user_id: str, house: House) -> None:
    """Raises `OwnAccount`, `PermissionLacking`, and what the catalog answers."""
    if caller.user == user_id:
        raise OwnAccount("Nobody changes itself here; your password is at /api/v1/account.")
    user = await house.catalog.ask(GetUser(tenant=caller.tenant, user=user_id))
    _check_role(caller, user.role)


def _view(user: User) -> UserView:
    return UserView(**user.model_dump(include=set(UserView.model_fields)))
