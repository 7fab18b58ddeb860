"""Which variant of a segment a viewer gets, of sessions that have a forensic watermark.

All players share playlists and names; the media behind a name are those of one of two renditions.
What is on air has no variants, so that live playback asks nobody.
"""

from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from libs.forensic import Code
from libs.names import is_sound, variant_b
from services.gateway.playback.flights import Flights
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.viewers.grant import Grant, Refusal

KEPT_SESSIONS = 10_000
KEPT_VIEWERS = 100_000
"""Of whom the catalog knows that they are served; about two hundred bytes each."""
_VIDEO = ".video.m4s"

FindKey = Callable[[str], Coroutine[Any, Any, str | None]]
"""Of a session, in hex; None: it has no variants."""
NoteViewer = Callable[[str, str], Coroutine[Any, Any, Any]]
"""A session, and who is served it."""
IsLive = Callable[[str, str], bool]
"""A stream and a session of it."""


class Watermarks:
    def __init__(self, find_key: FindKey, note_viewer: NoteViewer, is_live: IsLive) -> None:
        self._find_key = find_key
        self._note_viewer = note_viewer
        self._is_live = is_live
        self._codes: OrderedDict[str, Code | None] = OrderedDict()
        self._noted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._flights: Flights[None] = Flights()

    def choose(self, route: MediaRoute, grant: Grant) -> MediaRoute | Refusal | None:
        """What is to be served for `route`; None if that has to be asked for (`learn`)."""
        if not self._may_vary(route):
            return route
        if route.session not in self._codes:
            return None
        code = self._codes[route.session]
        return route if code is None else self._of_word(route, code, name_of(grant))

    def _of_word(self, route: MediaRoute, code: Code, viewer: str) -> MediaRoute | Refusal | None:
        if not viewer:
            return Refusal.MISSING
        if (route.session, viewer) not in self._noted:
            return None
        if code.variant(viewer, int(route.name.partition(".")[0])) == "a":
            return route
        return route._replace(rendition=variant_b(route.rendition))

    async def learn(self, route: MediaRoute, grant: Grant) -> None:
        """Ask for what `choose` did not know. Raises what the catalog answers.

        Nobody is served before the catalog knows of them: whoever leaks is among those it names.
        """
        if not self._may_vary(route):
            return
        session, viewer = route.session, name_of(grant)
        if session not in self._codes:
            await self._flights.fly(session, lambda: self._find(session))
        if viewer and self._codes.get(session) and (session, viewer) not in self._noted:
            await self._flights.fly(f"{session}/{viewer}", lambda: self._note(session, viewer))

    async def _find(self, session: str) -> None:
        key = await self._find_key(session)
        self._codes[session] = Code(bytes.fromhex(key)) if key else None
        if len(self._codes) > KEPT_SESSIONS:
            self._codes.popitem(last=False)

    async def _note(self, session: str, viewer: str) -> None:
        await self._note_viewer(session, viewer)
        self._noted[session, viewer] = None
        if len(self._noted) > KEPT_VIEWERS:
            self._noted.popitem(last=False)

    def _may_vary(self, route: MediaRoute) -> bool:
        return _is_varied(route) and not self._is_live(route.stream, route.session)


def name_of(grant: Grant) -> str:
    """Who a leak is to name: whom the token was made out to, or else the token."""
    return grant.claims.viewer or grant.token_id


def _is_varied(route: MediaRoute) -> bool:
    """What names no session was on air, and has no variants."""
    if route.kind is Kind.TRANSPORT:
        return bool(route.session) and not is_sound(route.rendition)
    return route.kind is Kind.SEGMENT and route.name.endswith(_VIDEO)
