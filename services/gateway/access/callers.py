"""Who is behind a cookie or a key, as the catalog says; kept for seconds, so that a request costs
no round trip, and forgotten at once when the catalog says that something has changed.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from libs.errors import WeirError
from libs.events import (
    AccessChanged,
    Answer,
    Ask,
    FindAPIKey,
    FindConsoleSession,
    FoundSession,
    NoteAccess,
)
from services.gateway.access.caller import Caller
from services.gateway.access.owner import SettingsOwner
from services.gateway.playback.flights import Flights

FRESH_S = 10.0
"""How long it is not asked again; a change is heard of within that, even if its fact was missed."""
RETRY_S = 2.0
KEPT_S = 300.0
"""How long a known caller goes on while the catalog does not answer."""
KEPT = 10_000
KEY_PREFIX = "weir_"
MAX_SECRET_CHARS = 200

A = TypeVar("A", bound=Answer)


class Catalog(Protocol):
    async def ask(self, ask: Ask[A], *, timeout_s: float = 5) -> A: ...


class _Known(NamedTuple):
    caller: Caller | None
    asked_at: float
    ask_again_at: float


def digest_of(secret: str) -> str:
    """What is kept of a session's id or a key: both are random, so nobody finds them by trying."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Callers:
    def __init__(
        self,
        catalog: Catalog,
        owner: SettingsOwner,
        *,
        kept: int = KEPT,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalog = catalog
        self._owner = owner
        self._kept = kept
        self._clock = clock
        self._now = now
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._flights: Flights[Caller | None] = Flights()
        self._changes = 0
        self._used = NoteAccess()

    async def of_session(self, secret: str) -> Caller | None:
        """None: the session is over, or never was. Raises what the catalog raises."""
        if len(secret) > MAX_SECRET_CHARS:
            return None
        caller = await self._find(digest_of(secret), self._ask_session)
        if caller is not None and caller.session is not None:
            self._used.sessions[caller.session] = self._now()
        return caller

    async def of_key(self, key: str) -> Caller | None:
        """None: it is wrong, revoked, or has expired. Raises what the catalog raises."""
        if self._owner.has_key(key):
            return self._owner.key_caller()
        if not key.startswith(KEY_PREFIX) or len(key) > MAX_SECRET_CHARS:
            return None
        caller = await self._find(digest_of(key), self._ask_key)
        if caller is not None:
            self._used.api_keys[caller.id] = self._now()
        return caller

    def changed(self, fact: AccessChanged) -> None:
        """What is under way may have been answered before the change, and is not kept."""
        self._changes += 1
        gone = [digest for digest, known in self._known.items() if _concerns(fact, known.caller)]
        for digest in gone:
            del self._known[digest]

    def doubt(self) -> None:
        """Facts may have been missed: ask anew about everybody."""
        self._changes += 1
        for digest, known in self._known.items():
            self._known[digest] = known._replace(ask_again_at=self._clock())

    def take_used(self) -> NoteAccess | None:
        """Who was there since this was asked last."""
        used, self._used = self._used, NoteAccess()
        return used if used.sessions or used.api_keys else None

    async def _find(
        self, digest: str, ask: Callable[[str], Coroutine[Any, Any, Caller | None]]
    ) -> Caller | None:
        known = self._known.get(digest)
        if known is not None and self._clock() < known.ask_again_at:
            self._known.move_to_end(digest)
            return self._unexpired(known.caller)
        try:
            # Whoever comes after a change does not wait for an answer from before it.
            flight = f"{self._changes}:{digest}"
            found = await self._flights.fly(flight, lambda: self._fetch(digest, ask))
        except WeirError as error:
            # What was forgotten meanwhile has changed.
            known = self._known.get(digest)
            if known is None or not error.retry or self._clock() >= known.asked_at + KEPT_S:
                raise
            self._known[digest] = known._replace(ask_again_at=self._clock() + RETRY_S)
            found = known.caller
        return self._unexpired(found)

    async def _fetch(
        self, digest: str, ask: Callable[[str], Coroutine[Any, Any, Caller | None]]
    ) -> Caller | None:
        asked_at, changes = self._clock(), self._changes
        found = await ask(digest)
        self._known.pop(digest, None)
        # What opens nothing takes nobody's place, however much of it is sent.
        is_kept = found is not None or len(self._known) < self._kept
        if is_kept and changes == self._changes:
            self._known[digest] = _Known(found, asked_at, asked_at + FRESH_S)
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        return found

    async def _ask_session(self, digest: str) -> Caller | None:
        found: FoundSession = await self._catalog.ask(FindConsoleSession(digest=digest))
        if found.session is None:
            return None
        if found.user is not None:
            return Caller.of_user(found.user, found.session)
        return self._owner.caller(found.session) if self._owner.opened(found.session) else None

    async def _ask_key(self, digest: str) -> Caller | None:
        found = await self._catalog.ask(FindAPIKey(digest=digest))
        return Caller.of_key(found.key) if found.key is not None else None

    def _unexpired(self, caller: Caller | None) -> Caller | None:
        if caller is None or caller.expires_at is None or self._now() < caller.expires_at:
            return caller
        return None


def _concerns(fact: AccessChanged, caller: Caller | None) -> bool:
    if caller is None:
        return False
    match fact.kind:
        case "session":
            return caller.session == fact.id
        case "api_key":
            return caller.kind == "api_key" and caller.id == fact.id
        case "user":
            return caller.kind == "user" and caller.id == fact.id
        case "tenant":
            return caller.tenant == fact.id
