"""`/api/v1/account`: what a user does about itself."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.events import ConsoleSession, FindLogin, ListConsoleSessions, UpdateUser
from services.gateway.access.caller import Caller
from services.gateway.access.passwords import MAX_CHARS, MIN_CHARS
from services.gateway.api.auth import TheCaller, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.login import address_of, end_sessions
from services.gateway.errors import LoginWrong, NoAccount, PasswordOfSettings

router = APIRouter(prefix="/account", tags=["account"], dependencies=[needs(None)])
SessionId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    old: str = Field(max_length=MAX_CHARS)
    new: str = Field(min_length=MIN_CHARS, max_length=MAX_CHARS)


class ConsoleSessionView(BaseModel):
    id: str
    is_this: bool
    """Whether it is the one that asks."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime
    """Last, to within half a minute."""
    address: str
    agent: str
    """The browser that signed in, in its own words."""


class ConsoleSessionViews(BaseModel):
    sessions: list[ConsoleSessionView]


@router.put("/password", status_code=204)
async def change_password(
    body: NewPassword, request: Request, house: TheHouse, caller: TheCaller
) -> None:
    """Change the caller's own password. All its other console sessions end."""
    _check_user(caller)
    if caller.user is None:
        raise PasswordOfSettings(
            "This owner's password is WEIR_ADMIN_PASSWORD; change it there, and start Weir again."
        )
    access = house.access
    with access.guesses.guess(address_of(request)):
        found = await house.catalog.ask(FindLogin(user_name=caller.name))
        if not await access.passwords.is_right(body.old, found.password_hash):
            raise LoginWrong("The old password is wrong.")
    ask = UpdateUser(
        tenant=caller.tenant,
        user=caller.user,
        password_hash=await access.passwords.hash(body.new),
        except_session=caller.session,
    )
    await house.catalog.ask(ask)
    access.callers.doubt()


@router.get("/sessions")
async def list_sessions(house: TheHouse, caller: TheCaller) -> ConsoleSessionViews:
    """The caller's console sessions, the one used last first."""
    _check_user(caller)
    ask = ListConsoleSessions(tenant=caller.tenant, user=caller.user)
    sessions = (await house.catalog.ask(ask)).sessions
    return ConsoleSessionViews(
        sessions=[_view(each, caller) for each in sessions if _is_good(each, house)]
    )


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: SessionId, house: TheHouse, caller: TheCaller) -> None:
    """Sign out elsewhere."""
    _check_user(caller)
    await end_sessions(house, caller, session=session_id)


@router.delete("/sessions", status_code=204)
async def end_other_sessions(house: TheHouse, caller: TheCaller) -> None:
    """Sign out everywhere else."""
    _check_user(caller)
    await end_sessions(house, caller, except_session=caller.session)


def _check_user(caller: Caller) -> None:
    """Raises `NoAccount`."""
    if caller.session is None:
        raise NoAccount("Sign in at /api/v1/login: an API key has no password and no sessions.")


def _is_good(session: ConsoleSession, house: House) -> bool:
    return session.user is not None or house.access.owner.opened(session)


def _view(session: ConsoleSession, caller: Caller) -> ConsoleSessionView:
    said = session.model_dump(include=set(ConsoleSessionView.model_fields))
    return ConsoleSessionView(**said, is_this=session.id == caller.session)
