"""`/api/v1/login`: a person signs in to the console."""

import time

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from services.gateway.api.auth import authorised, check_origin
from services.gateway.api.console_session import COOKIE
from services.gateway.api.house import House, TheHouse
from services.gateway.errors import LoginLimited, LoginWrong, UnsupportedType

MAX_FAILURES = 10
FAILURES_S = 60.0
"""So many wrong logins within this time, and no login of that address is looked at for a while."""
MAX_ADDRESSES = 4096

router = APIRouter(tags=["login"])


class Login(BaseModel):
    user: str = Field(max_length=256)
    password: str = Field(max_length=1024)


class SignedIn(BaseModel):
    user: str
    push_server: str
    """Where publishers push to: OBS's field "Server"."""


@router.post("/login")
async def sign_in(login: Login, request: Request, response: Response, house: TheHouse) -> SignedIn:
    """Answers with the session's cookie. The body must be JSON."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise UnsupportedType("Send the body with content-type: application/json.")
    if "origin" in request.headers:
        check_origin(request, house)
    failures = _recent_failures(request, house)
    if not house.sessions.is_right(login.user, login.password):
        failures.append(time.monotonic())
        raise LoginWrong("User or password is wrong.")
    response.set_cookie(
        COOKIE,
        house.sessions.issue(time.time()),
        max_age=house.sessions.lifetime_s,
        httponly=True,
        samesite="strict",
        secure=house.settings.public_url.startswith("https:"),
    )
    return SignedIn(user=login.user, push_server=house.settings.push_server)


@router.post("/logout", status_code=204)
async def sign_out(request: Request, response: Response, house: TheHouse) -> None:
    """Takes the session's cookie away."""
    if COOKIE in request.cookies:
        check_origin(request, house)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/login", dependencies=[Depends(authorised)])
async def who_am_i(house: TheHouse) -> SignedIn:
    """Whether this caller is signed in."""
    settings = house.settings
    return SignedIn(user=settings.admin_user, push_server=settings.push_server)


def _recent_failures(request: Request, house: House) -> list[float]:
    """The wrong logins of this address; raises `LoginLimited` if they are too many.

    By address, so that a stranger who guesses does not lock the owner out.
    """
    since = time.monotonic() - FAILURES_S
    for address, failures in list(house.failed_logins.items()):
        if failures[-1:] < [since] or len(house.failed_logins) > MAX_ADDRESSES:
            del house.failed_logins[address]
    address = request.client.host if request.client else ""
    failures = [at for at in house.failed_logins.get(address, []) if at > since]
    if len(failures) >= MAX_FAILURES:
        raise LoginLimited("Too many wrong logins; wait a minute.")
    house.failed_logins[address] = failures
    return failures
