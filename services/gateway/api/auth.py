"""Who may call which route. Every route declares it by one dependency, an `Access`:

    Needs(permission)    a user, or an API key, that holds it
    Signed(permission)   the same, of requests that are signed as AWS signs them
    Presigned()          (in `bucket`) whoever has a URL with a signature in it
    Watching()           whoever may watch the stream, which the gate judges
    Anybody()            nobody is asked

A cookie is sent by the browser whoever made the page, so a write with it must come from our own
origin (and bodies that are JSON are not read as anything else): Fetch, CORS protocol.
"""

from collections.abc import Collection
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request

from libs.errors import WeirError
from libs.names import DEFAULT_TENANT
from libs.permissions import Permission
from services.gateway.access.caller import Caller
from services.gateway.api.house import House, TheHouse
from services.gateway.api.signed import verify
from services.gateway.api.trailed import CALLER, set_audited
from services.gateway.errors import (
    APIKeyWrong,
    ForeignOrigin,
    KeyLimited,
    PermissionLacking,
    SessionEnded,
)

COOKIE = "weir_session"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})

Limit = Literal["path", "query", "handler"]
"""Where a key's limit to streams is held against: the stream in the path (or there is none, and
a limited key is refused); those of the query's `stream`; or the handler looks itself."""


class Access:
    """What a route asks of whoever calls it."""

    permission: Permission | None = None


class Needs(Access):
    """None as permission: any caller that is known."""

    def __init__(self, permission: Permission | None, *, limit: Limit = "path") -> None:
        self.permission = permission
        self._limit = limit

    async def __call__(self, request: Request, house: TheHouse) -> None:
        """Raises 401, or 403 that says what is lacking."""
        caller = await identify(request, house)
        if caller is None:
            raise APIKeyWrong("Send the key as the header x-api-key, or sign in at /api/v1/login.")
        self._admit(request, caller)

    def _admit(self, request: Request, caller: Caller) -> None:
        set_caller(request, caller)
        set_audited(request, self._is_audited(request))
        if self.permission is not None:
            check(caller, self.permission)
        if caller.stream_prefix and self._limit != "handler":
            self._check_limit(request, caller)

    def _is_audited(self, request: Request) -> bool:
        if self.permission is not None:
            return not self.permission.is_read and request.method != "HEAD"
        return request.method not in _READS

    def _check_limit(self, request: Request, caller: Caller) -> None:
        streams = [
            value
            for name, value in request.path_params.items()
            if name in ("stream", "stream_id") and self._limit == "path"
        ]
        if self._limit == "query":
            streams = request.query_params.getlist("stream")
        check_covers(caller, streams)


class Signed(Needs):
    """`reads_body`: the signature is over the body, which is short; else the body is read later,
    and signed as an empty one or not at all.
    """

    def __init__(self, permission: Permission, *, reads_body: bool = True) -> None:
        super().__init__(permission)
        self._reads_body = reads_body

    async def __call__(self, request: Request, house: TheHouse) -> None:
        """Raises what `libs.signing.aws` raises."""
        body = await request.body() if self._reads_body else b""
        signature = verify(request, house, body)
        key = signature.access_key_id
        self._admit(request, Caller.of_settings("access_key", key, DEFAULT_TENANT))


class Watching(Access):
    """Its handler asks `watching.refuse`, which knows the view."""

    async def __call__(self) -> None:
        """Nothing is known yet of what is to be watched."""


class Anybody(Access):
    async def __call__(self) -> None:
        """Nobody is refused."""


def needs(permission: Permission | None, *, limit: Limit = "path") -> Any:
    """What a route lists among its dependencies."""
    return Depends(Needs(permission, limit=limit))


def signed(permission: Permission, *, reads_body: bool = True) -> Any:
    return Depends(Signed(permission, reads_body=reads_body))


ANYBODY: Any = Depends(Anybody())
WATCHING: Any = Depends(Watching())


def set_caller(request: Request, caller: Caller) -> None:
    """The audit trail says of whom it was, also if it is refused."""
    setattr(request.state, CALLER, caller)


def caller_of(request: Request) -> Caller:
    caller = getattr(request.state, CALLER, None)
    assert isinstance(caller, Caller), "the route declares that it needs a caller"
    return caller


async def _caller(request: Request) -> Caller:
    return caller_of(request)


async def _tenant(request: Request) -> str:
    return caller_of(request).tenant


TheCaller = Annotated[Caller, Depends(_caller)]
TheTenant = Annotated[str, Depends(_tenant)]
"""The caller's. What is another's is as if it were not there."""


def check(caller: Caller, permission: Permission) -> None:
    """Raises `PermissionLacking`."""
    if not caller.may(permission):
        who = f"the role {caller.role}" if caller.role else "this API key"
        raise PermissionLacking(f"This needs the permission {permission}, which {who} has not.")


def check_covers(caller: Caller, streams: Collection[str]) -> None:
    """Raises `KeyLimited` if it has a limit and names no streams, or others. Each is an id."""
    if caller.stream_prefix and not (streams and all(map(caller.covers, streams))):
        raise KeyLimited(
            f"This key is for streams that begin with {caller.stream_prefix!r}; name one."
        )


async def identify(request: Request, house: House) -> Caller | None:
    """Who has shown who it is; None: nobody has tried. A key that is sent must be right.

    Raises `APIKeyWrong`, `SessionEnded`, `ForeignOrigin`, and what the catalog raises.
    """
    given = request.headers.get("x-api-key")
    if given is not None:
        caller = await house.access.callers.of_key(given)
        if caller is None:
            raise APIKeyWrong("This API key opens nothing: it is wrong, revoked, or has expired.")
        return caller
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    caller = await house.access.callers.of_session(cookie)
    if caller is None:
        raise SessionEnded("Your session has ended; sign in again.")
    if request.method not in _READS:
        set_caller(request, caller)
        set_audited(request)
        check_origin(request, house)
    return caller


async def may(request: Request, house: House, permission: Permission, *streams: str) -> bool:
    """Whether the caller has shown that it holds this, of these streams or of all; for routes that
    are for others, too, and for answers that go on.
    """
    caller = await known_caller(request, house)
    if caller is None or not caller.may(permission):
        return False
    return all(map(caller.covers, streams or ("",)))


async def may_watch(request: Request, house: House, stream: str) -> bool:
    """Whether the caller has shown that it may watch the recordings of this stream, which is its
    tenant's. Raises what the catalog answers.
    """
    caller = await known_caller(request, house)
    if caller is None or not caller.may(Permission.RECORDINGS_READ) or not caller.covers(stream):
        return False
    return await house.viewing.policies.find_tenant(stream) == caller.tenant


async def is_known(request: Request, house: House) -> bool:
    """Whether it is a caller of the installation's own tenant, without a limit."""
    caller = await known_caller(request, house)
    return caller is not None and caller.tenant == DEFAULT_TENANT and not caller.stream_prefix


async def known_caller(request: Request, house: House) -> Caller | None:
    """Who has shown who it is, for routes that are for others, too; None: nobody, or in vain."""
    try:
        caller = await identify(request, house)
    except WeirError:
        # Wrong, or the catalog is away: as anybody, who is refused no more than that.
        return None
    return caller


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
