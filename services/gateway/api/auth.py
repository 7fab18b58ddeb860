"""Who may call the API: the holder of the key, or a person with a console session.

A cookie is sent by the browser whoever made the page, so a write with it must come from our own
origin and be JSON, which another origin cannot send without asking first (Fetch, CORS protocol).
"""

import hmac
import time
from urllib.parse import urlsplit

from fastapi import Request

from services.gateway.api.console_session import COOKIE
from services.gateway.api.house import House, TheHouse
from services.gateway.errors import APIKeyWrong, ForeignOrigin

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


async def authorised(request: Request, house: TheHouse) -> None:
    """Dependency: raises `APIKeyWrong` or `ForeignOrigin`."""
    if is_known(request, house):
        return
    raise APIKeyWrong("Send the key as the header x-api-key, or sign in at /api/v1/login.")


def is_known(request: Request, house: House) -> bool:
    """Whether the caller has shown who it is; a key that is sent must be right."""
    given = request.headers.get("x-api-key")
    if given is not None:
        wanted = house.settings.api_key.get_secret_value()
        return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
    cookie = request.cookies.get(COOKIE)
    if cookie is None or not house.sessions.is_valid(cookie, time.time()):
        return False
    if request.method not in _READS:
        check_origin(request, house)
    return True


def has_api_key(request: Request) -> bool:
    return "x-api-key" in request.headers


def check_origin(request: Request, house: House) -> None:
    """Raise `ForeignOrigin` unless a page of our own sent this write."""
    origin = request.headers.get("origin")
    if origin is None:
        is_own = request.headers.get("sec-fetch-site") == "same-origin"
    else:
        public = urlsplit(house.settings.public_url)
        sent = urlsplit(origin)
        is_own = (sent.scheme, sent.netloc) == (public.scheme, public.netloc)
        is_own = is_own or sent.netloc == request.headers.get("host")
    if not is_own:
        raise ForeignOrigin("This write comes from another origin; use the console or x-api-key.")
