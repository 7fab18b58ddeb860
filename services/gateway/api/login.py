"""`/api/v1/login`: a person signs in to the console."""

import secrets

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from libs.errors import NotFound, WeirError
from libs.events import EndConsoleSessions, FindLogin, NoteRehash, OpenConsoleSession, User
from libs.names import DEFAULT_TENANT
from libs.permissions import Permission, Role
from services.gateway.access.caller import Caller
from services.gateway.access.callers import digest_of
from services.gateway.access.passwords import MAX_CHARS
from services.gateway.api.auth import (
    ANYBODY,
    COOKIE,
    TheCaller,
    check_origin,
    needs,
    set_caller,
)
from services.gateway.api.house import House, TheHouse
from services.gateway.api.trailed import set_attempt, set_audited
from services.gateway.errors import LoginWrong, UnsupportedType

SECRET_BYTES = 32
MAX_AGENT = 200

router = APIRouter(tags=["login"])


class Login(BaseModel):
    user: str = Field(max_length=256)
    password: str = Field(max_length=MAX_CHARS)


class SignedIn(BaseModel):
    user: str
    tenant: str
    """Whose the user or key is."""
    role: Role | None
    """None: an API key."""
    permissions: list[Permission]
    is_of_settings: bool
    """Whether Weir's settings name it: password and key are changed there."""
    push_server: str
    """Where publishers push to: OBS's field "Server"."""


@router.post("/login", dependencies=[ANYBODY])
async def sign_in(login: Login, request: Request, response: Response, house: TheHouse) -> SignedIn:
    """Answers with the session's cookie. The body must be JSON."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise UnsupportedType("Send the body with content-type: application/json.")
    if "origin" in request.headers:
        check_origin(request, house)
    with house.access.guesses.guess(address_of(request)):
        set_attempt(request, login.user)
        caller, secret = await _open(login, request, house)
    set_caller(request, caller)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=house.settings.console_session_s,
        httponly=True,
        samesite="strict",
        secure=house.settings.public_url.startswith("https:"),
    )
    return await _signed_in(caller, house)


@router.post("/logout", status_code=204, dependencies=[ANYBODY])
async def sign_out(request: Request, response: Response, house: TheHouse) -> None:
    """Ends the console session, and takes its cookie away."""
    cookie = request.cookies.get(COOKIE)
    if cookie is not None:
        check_origin(request, house)
        caller = await house.access.callers.of_session(cookie)
        if caller is not None:
            set_caller(request, caller)
            set_audited(request)
            await end_sessions(house, caller, session=caller.session)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/login", dependencies=[needs(None, limit="handler")])
async def who_am_i(house: TheHouse, caller: TheCaller) -> SignedIn:
    """Whether this caller is signed in, and what it may do."""
    return await _signed_in(caller, house)


async def end_sessions(
    house: House, caller: Caller, *, session: str | None = None, except_session: str | None = None
) -> None:
    """Of the caller's own. Here at once, everywhere else when the catalog has said so."""
    ask = EndConsoleSessions(
        tenant=caller.tenant, user=caller.user, session=session, except_session=except_session
    )
    try:
        await house.catalog.ask(ask)
    finally:
        house.access.callers.doubt()


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


async def _signed_in(caller: Caller, house: House) -> SignedIn:
    name = house.settings.admin_user if not caller.id else caller.name
    return SignedIn(
        user=name,
        tenant=caller.tenant,
        role=caller.role,
        permissions=[each for each in Permission if caller.may(each)],
        is_of_settings=not caller.id,
        push_server=(await house.addresses.of(caller.tenant)).push_server,
    )


async def _open(login: Login, request: Request, house: House) -> tuple[Caller, str]:
    """A new console session, and what its cookie holds. Raises `LoginWrong`."""
    user, password_hash = await _judge(login, house)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    settings = house.settings
    ask = OpenConsoleSession(
        tenant=user.tenant if user else DEFAULT_TENANT,
        user=user.id if user else None,
        password_hash=password_hash,
        digest=digest_of(secret),
        fence="" if user else house.access.owner.fence,
        lifetime_s=settings.console_session_s,
        idle_s=settings.console_idle_s,
        address=address_of(request)[:64],
        agent=request.headers.get("user-agent", "")[:MAX_AGENT],
    )
    try:
        session = await house.catalog.ask(ask)
    except WeirError as error:
        if error.status != NotFound.status:
            raise
        raise _wrong() from None  # the user was changed meanwhile
    if user is not None:
        await _rehash(user, login.password, password_hash, house)
        return Caller.of_user(user, session), secret
    return house.access.owner.caller(session), secret


async def _judge(login: Login, house: House) -> tuple[User | None, str]:
    """The user and the hash that the password fits; no user: the owner of the settings.

    Raises `LoginWrong`. It takes as long for a name that nobody has.
    """
    access = house.access
    if access.owner.is_named(login.user):
        await access.passwords.is_right(login.password, "")
        if access.owner.is_right(login.user, login.password):
            return None, ""
        raise _wrong()
    found = await house.catalog.ask(FindLogin(user_name=login.user.lower()))
    is_right = await access.passwords.is_right(login.password, found.password_hash)
    if found.user is None or found.user.is_disabled or not is_right:
        raise _wrong()
    return found.user, found.password_hash


async def _rehash(user: User, password: str, old_hash: str, house: House) -> None:
    """Today's parameters may cost a thief of hashes more than those of when it was set."""
    passwords = house.access.passwords
    if passwords.is_outdated(old_hash):
        new_hash = await passwords.hash(password)
        await house.catalog.ask(NoteRehash(user=user.id, old_hash=old_hash, new_hash=new_hash))


def _wrong() -> LoginWrong:
    return LoginWrong("User or password is wrong.")
