"""Segments, parts, init segments: from memory, else the packager, else the store (never parts).

One origin read per object and herd; a stored object holds all tracks of its segment and is read
once for all of them. What is advertised is held, never refused: a player that waits goes on, one
that got a 404 may give up.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from http.client import GONE, OK
from typing import Any

from libs.ending import end
from libs.events import Segment
from libs.media.cmaf import split_tracks
from libs.names import session_started_at_s
from libs.storage import ColdStoreUnavailable
from services.gateway import metrics
from services.gateway.playback.cache import Cache
from services.gateway.playback.directory import Directory, Live
from services.gateway.playback.flights import Flights
from services.gateway.playback.growing import Growing, Growth
from services.gateway.playback.miss import Awaited, Misses
from services.gateway.playback.origin import READ_S, Fetched, Origin
from services.gateway.playback.packagers import Packagers
from services.gateway.playback.reply import Asked, Immutable, Reply, not_live, text
from services.gateway.playback.routes import Kind, MediaRoute

HOLD_S = 10.0
"""How long a request waits for what should come."""
GRACE_S = 1.0
"""A packager that holds a request as long itself gets so much longer for its answer."""
RETRY_S = 0.25
MAX_RETRY_S = 2.0
MADE_KEPT = TENANTS_KEPT = 4096
CLOCK_SKEW_S = 300
"""A media sequence number further in the future than this cannot exist."""

_TRACKS = {1: "video", 2: "audio"}
_TYPES = {"video": b"video/mp4", "audio": b"audio/mp4"}
_RETRY = b"retry-after: 1\r\n"


FindRow = Callable[[str, str, int], Awaitable[Segment | None]]
"""Of a session, a rendition and an MSN."""
FindTenant = Callable[[str], Awaitable[str]]
"""Of a stream."""


class Media:
    def __init__(
        self,
        directory: Directory,
        origin: Origin,
        packagers: Packagers,
        *,
        find_row: FindRow,
        find_tenant: FindTenant,
        cache_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._origin = origin
        self._packagers = packagers
        self._find_row = find_row
        self._find_tenant = find_tenant
        self._tenants: OrderedDict[str, str] = OrderedDict()
        """Whose the streams are that are played from the store."""
        self._made: OrderedDict[str, None] = OrderedDict()
        """Sessions whose segments lie where their rows say, not where a packager puts them."""
        self._cache = Cache(cache_bytes)
        self._misses = Misses()
        self._reads: Flights[dict[str, Immutable]] = Flights()
        """Reads of the store, by object."""
        self._growing: dict[str, Growing] = {}
        """Segments in the making that are being sent on."""
        self._reading: set[asyncio.Task[None]] = set()
        self._clock = clock
        self._wall = wall
        metrics.CACHE_BYTES.set_function(lambda: self._cache.size_bytes)

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Growth | Awaited:
        """At once from memory, else something to wait for."""
        key = _media_key(route)
        found = self._cache.get(key) or self._growing.get(key)
        if found is not None:
            return found.answer(asked)
        if route.kind is not Kind.INIT and not self._may_exist(route):
            return self._missing(route)
        return self._misses.join(route, asked, key, lambda: self._fetch(route))

    def under_way(self, route: MediaRoute) -> "asyncio.Task[Any] | None":
        """The fetch of what somebody waits for, if anybody does; it must not be cancelled."""
        return self._misses.under_way(_media_key(route))

    async def close(self) -> None:
        await self._misses.close()
        await end(*self._reading)
        await self._reads.close()

    # --- one fetch --------------------------------------------------------------------

    def _may_exist(self, route: MediaRoute) -> bool:
        """Segments average a second or more, so an MSN never runs ahead of the clock."""
        msn = int(route.name.partition(".")[0])
        return session_started_at_s(route.session) <= msn <= self._wall() + CLOCK_SKEW_S

    async def _fetch(self, route: MediaRoute) -> Reply | Immutable | Growing:
        live = self._directory.session(route.stream, route.session)
        deadline = self._clock() + HOLD_S
        pause_s = RETRY_S
        while True:
            asking = asyncio.create_task(self._ask_packager(route, live))
            try:
                found = await self._first_of(asking, route, live)
            finally:
                asking.cancel()
            if found is not None:
                return found
            fetched = asking.result()
            is_away = fetched is None
            if fetched is not None and fetched.status == GONE:
                return self._missing(route)
            if not self._is_expected(route, is_away=is_away):
                return self._missing(route)
            if self._clock() >= deadline:
                return text(503, f"{route.stream} does not have {route.name} yet", _RETRY)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, MAX_RETRY_S)

    async def _first_of(
        self, asking: "asyncio.Task[Fetched | None]", route: MediaRoute, live: Live | None
    ) -> Immutable | Growing | None:
        """The packager's answer; the store's, if the packager has none or is long in coming.

        It is long when it holds what is about to exist, and when it is stopped: the store knows,
        but must not be waited for if it is away. `asking` is done when this returns None.
        """
        if route.kind is Kind.PART:
            await asyncio.wait({asking})
            return self._packaged(route, asking)
        await asyncio.wait({asking}, timeout=READ_S)
        if asking.done() and (found := self._packaged(route, asking)) is not None:
            return found
        storing = asyncio.create_task(self._stored(route, live))
        waiting: set[asyncio.Future[Any]] = {asking, storing}
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if storing in done and storing.exception() is None and storing.result() is not None:
                    return storing.result()
                if asking in done and (found := self._packaged(route, asking)) is not None:
                    return found
        finally:
            storing.cancel()
        is_away = asking.result() is None
        if isinstance(storing.exception(), ColdStoreUnavailable) and self._is_expected(
            route, is_away=is_away
        ):
            # What is on its way to the hot store is waited for, wherever the cold one is.
            return None
        return storing.result()  # nothing, or why the store does not answer

    def _packaged(
        self, route: MediaRoute, asking: "asyncio.Task[Fetched | None]"
    ) -> Immutable | Growing | None:
        fetched = asking.result()
        if fetched is None or fetched.status != OK:
            return None
        if fetched.rest is None:
            return self._remember(route, fetched.body)
        growing = self._growing[_media_key(route)] = Growing(_type_of(route))
        task = asyncio.create_task(self._read_rest(route, growing, fetched.rest))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return growing

    async def _read_rest(
        self, route: MediaRoute, growing: Growing, rest: AsyncGenerator[bytes]
    ) -> None:
        """Once for all who watch; what is whole stays in memory as any segment."""
        try:
            whole = await growing.read(rest)
            if whole is not None:
                self._remember(route, whole)
        finally:
            del self._growing[_media_key(route)]
            await rest.aclose()

    async def _ask_packager(self, route: MediaRoute, live: Live | None) -> Fetched | None:
        """None if nobody packages the session, or whoever does gives no answer."""
        if live is None:
            return None
        path = f"{route.rendition}/{route.name}"
        return await self._packagers.ask(live.session, path, wait_s=HOLD_S + GRACE_S)

    def _is_expected(self, route: MediaRoute, *, is_away: bool) -> bool:
        """Whether it may come yet: its session goes on, but the packager is being replaced."""
        live = self._directory.live(route.stream)
        if live is None or live.session != route.session:
            return False
        return is_away or self._directory.is_settling(live.session)

    # --- the store --------------------------------------------------------------------

    async def _stored(self, route: MediaRoute, live: Live | None) -> Immutable | None:
        tenant = live.tenant if live is not None else await self._tenant_of(route.stream)
        folder = f"segments/{tenant}/{route.stream}/{route.session}/{route.rendition}"
        name = route.name
        if route.kind is Kind.SEGMENT:
            name = f"{name.partition('.')[0]}.m4s"
        key = f"{folder}/{name}"
        found = await self._reads.fly(key, lambda: self._read_where_it_lies(route, key))
        return found.get(route.name)

    async def _tenant_of(self, stream: str) -> str:
        """It never changes."""
        if stream not in self._tenants:
            self._tenants[stream] = await self._find_tenant(stream)
            if len(self._tenants) > TENANTS_KEPT:
                self._tenants.popitem(last=False)
        return self._tenants[stream]

    async def _read_where_it_lies(self, route: MediaRoute, key: str) -> dict[str, Immutable]:
        """What a job made has a key that only its row knows."""
        if route.session not in self._made or route.kind is not Kind.SEGMENT:
            found = await self._read(route, key)
            if found or route.kind is not Kind.SEGMENT or self._is_live(route):
                return found
        msn = int(route.name.partition(".")[0])
        row = await self._find_row(route.session, route.rendition, msn)
        if row is None or row.stream != route.stream or row.object_key == key:
            return {}
        self._made[route.session] = None
        if len(self._made) > MADE_KEPT:
            self._made.popitem(last=False)
        return await self._read(route, row.object_key)

    def _is_live(self, route: MediaRoute) -> bool:
        live = self._directory.live(route.stream)
        return live is not None and live.session == route.session

    async def _read(self, route: MediaRoute, key: str) -> dict[str, Immutable]:
        """Read one object into memory, each of its tracks under its own name."""
        metrics.STORE_READS.inc()
        data = await self._origin.stored(key)
        if data is None:
            return {}
        if route.kind is Kind.INIT:
            return {route.name: self._remember(route, data)}
        msn = route.name.partition(".")[0]
        found = {}
        for track_id, where in split_tracks(data).items():
            name = f"{msn}.{_TRACKS[track_id]}.m4s"
            found[name] = self._remember(route._replace(name=name), data[where])
        return found

    # --- both -------------------------------------------------------------------------

    def _remember(self, route: MediaRoute, body: bytes) -> Immutable:
        key = _media_key(route)
        item = Immutable(key.replace("/", "."), body, _type_of(route))
        self._cache.put(key, item)
        return item

    def _missing(self, route: MediaRoute) -> Reply:
        if self._directory.playable(route.stream) is None:
            return not_live(route.stream)
        return text(404, f"{route.stream} has no {route.session}/{route.rendition}/{route.name}")


def _type_of(route: MediaRoute) -> bytes:
    return _TYPES["audio" if ".audio." in route.name else "video"]


def _media_key(route: MediaRoute) -> str:
    """The stream stands in it, so that no stream's URL shows another stream's media."""
    return f"{route.stream}/{route.session}/{route.rendition}/{route.name}"
