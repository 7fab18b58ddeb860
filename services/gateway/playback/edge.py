"""The playback edge: playlists by way of the packager, media from memory, packager or store.

One fetch per object and herd. While a session's packager is being replaced, playlists are served
stale and media requests held: a player that waits goes on, one that got a 404 may give up.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from http.client import INTERNAL_SERVER_ERROR, NOT_FOUND, OK
from typing import Any, NamedTuple

from opentelemetry import propagate, trace

from libs.media.cmaf import split_tracks
from libs.names import DEFAULT_TENANT, session_started_at_s
from services.gateway import metrics
from services.gateway.errors import OriginUnreachable
from services.gateway.playback.cache import Cache
from services.gateway.playback.directory import Directory, Live
from services.gateway.playback.flights import Flights
from services.gateway.playback.origin import READ_S, Fetched, Origin
from services.gateway.playback.reply import (
    LIVE_EDGE,
    Asked,
    Immutable,
    Reply,
    headers,
    not_live,
    text,
)
from services.gateway.playback.routes import Kind, MediaRoute

FRESH_S = 0.25
"""How long one fetched playlist serves all who ask."""
STALE_S = 30.0
"""How long the last playlist serves while its packager is away."""
HOLD_S = 8.0
"""How long a request waits for what should come: the first playlist, a listed segment."""
RETRY_S = 0.25
PATIENCE_S = 1.0
"""After a packager failed, how long nobody waits for it who can be served something stale."""
KEPT_PLAYLISTS = 4096
CLOCK_SKEW_S = 300
"""A media sequence number further in the future than this cannot exist."""

_HLS = headers(b"application/vnd.apple.mpegurl", LIVE_EDGE)
_MPD = headers(b"application/dash+xml", LIVE_EDGE)
_TRACKS = {1: "video", 2: "audio"}
_TYPES = {"video": b"video/mp4", "audio": b"audio/mp4"}
_MEDIA_SEQUENCE = re.compile(rb"^#EXT-X-MEDIA-SEQUENCE:([0-9]{1,10})\r?$", re.MULTILINE)
_RETRY = b"retry-after: 1\r\n"
_tracer = trace.get_tracer("weir.gateway")


_Fetch = Callable[[], Coroutine[Any, Any, Reply | Immutable]]


class _Kept(NamedTuple):
    at: float
    reply: Reply
    end_msn: int
    """After the last segment that it lists; 0 if it is no media playlist."""


class Edge:
    def __init__(
        self,
        directory: Directory,
        origin: Origin,
        *,
        cache_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._origin = origin
        self._cache = Cache(cache_bytes)
        self._playlists: OrderedDict[str, _Kept] = OrderedDict()
        self._failed_at: OrderedDict[str, float] = OrderedDict()
        """By session, when its packager last did not answer."""
        self._flights: Flights[Reply | Immutable] = Flights()
        self._clock = clock
        self._wall = wall

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Coroutine[Any, Any, Reply]:
        """At once from memory, else something to wait for."""
        if route.kind in (Kind.SEGMENT, Kind.INIT):
            return self._media(route, asked)
        return self._playlist(route, asked)

    async def close(self) -> None:
        await self._flights.close()

    # --- playlists ------------------------------------------------------------------

    def _playlist(self, route: MediaRoute, asked: Asked) -> Reply | Coroutine[Any, Any, Reply]:
        live = self._directory.playable(route.stream)
        if live is None:
            return not_live(route.stream)
        path = _playlist_path(route)
        kept = self._playlists.get(f"{live.session}/{path}")
        if kept is not None and self._is_good_enough(kept, live.session):
            return kept.reply
        key = f"{live.session}/{path}"
        return self._miss(route, asked, key, lambda: self._fetch_playlist(route, key, live))

    def _is_good_enough(self, kept: _Kept, session: str) -> bool:
        """Fresh, or the packager has just failed to give a better one."""
        now = self._clock()
        fresh_until = FRESH_S
        if now - self._failed_at.get(session, -PATIENCE_S) < PATIENCE_S:
            fresh_until = STALE_S
        return now - kept.at < fresh_until

    async def _fetch_playlist(self, route: MediaRoute, key: str, live: Live) -> Reply:
        path = _playlist_path(route)
        deadline = self._clock() + HOLD_S
        while True:
            kept = self._playlists.get(key)
            wait_s = READ_S if kept else HOLD_S
            fetched = await self._from_packager(live.session, path, wait_s=wait_s)
            if kept is not None and self._clock() - kept.at >= STALE_S:
                kept = None
            if fetched is not None and fetched.status == OK and not _goes_back(kept, fetched.body):
                lines = _MPD if route.kind is Kind.MANIFEST else _HLS
                return self._keep(key, Reply(200, lines, fetched.body))
            if kept is not None:
                return kept.reply
            if self._directory.live(route.stream) is None:
                return not_live(route.stream)
            is_settling = self._directory.is_settling(live.session)
            if fetched is not None and fetched.status == NOT_FOUND and not is_settling:
                return text(404, f"{route.stream} has no {path}")
            if self._clock() >= deadline:
                return text(503, f"{route.stream} has no segment yet", _RETRY)
            await asyncio.sleep(RETRY_S)

    def _keep(self, key: str, reply: Reply) -> Reply:
        self._playlists[key] = _Kept(self._clock(), reply, _end_msn(bytes(reply.body)))
        self._playlists.move_to_end(key)
        while len(self._playlists) > KEPT_PLAYLISTS:
            self._playlists.popitem(last=False)
        return reply

    # --- segments and init segments -------------------------------------------------

    def _media(self, route: MediaRoute, asked: Asked) -> Reply | Coroutine[Any, Any, Reply]:
        key = _media_key(route)
        found = self._cache.get(key)
        if found is not None:
            return found.answer(asked)
        if route.kind is Kind.SEGMENT and not self._may_exist(route):
            return self._missing(route)
        live = self._directory.session(route.stream, route.session)
        return self._miss(route, asked, key, lambda: self._fetch_media(route, key, live))

    def _may_exist(self, route: MediaRoute) -> bool:
        """Segments average a second or more, so an MSN never runs ahead of the clock."""
        msn = int(route.name.partition(".")[0])
        return session_started_at_s(route.session) <= msn <= self._wall() + CLOCK_SKEW_S

    async def _fetch_media(
        self, route: MediaRoute, key: str, live: Live | None
    ) -> Reply | Immutable:
        deadline = self._clock() + HOLD_S
        while True:
            is_away = live is None
            if live is not None:
                path = f"{route.rendition}/{route.name}"
                fetched = await self._from_packager(live.session, path)
                if fetched is not None and fetched.status == OK:
                    return self._remember(key, fetched.body, _track_of(route))
                is_away = fetched is None
            found = await self._find_stored(route, live.tenant if live else DEFAULT_TENANT)
            if found is not None:
                return found
            if not self._is_expected(route, is_away=is_away):
                return self._missing(route)
            if self._clock() >= deadline:
                return text(503, f"{route.stream} does not have {route.name} yet", _RETRY)
            await asyncio.sleep(RETRY_S)

    def _is_expected(self, route: MediaRoute, *, is_away: bool) -> bool:
        """Whether it may come yet: its session goes on, but the packager is being replaced."""
        live = self._directory.live(route.stream)
        if live is None or live.session != route.session:
            return False
        return is_away or self._directory.is_settling(live.session)

    async def _find_stored(self, route: MediaRoute, tenant: str) -> Immutable | None:
        folder = f"segments/{tenant}/{route.stream}/{route.session}/{route.rendition}"
        if route.kind is Kind.INIT:
            data = await self._origin.stored(f"{folder}/{route.name}")
            return None if data is None else self._remember(_media_key(route), data, "video")
        msn, wanted, _ = route.name.split(".")
        data = await self._origin.stored(f"{folder}/{msn}.m4s")
        if data is None:
            return None
        found = None
        for track_id, where in split_tracks(data).items():
            track = _TRACKS[track_id]
            name = f"{msn}.{track}.m4s"
            item = self._remember(_media_key(route._replace(name=name)), data[where], track)
            found = item if track == wanted else found
        return found

    def _remember(self, key: str, body: bytes, track: str) -> Immutable:
        item = Immutable(key.replace("/", "."), body, _TYPES[track])
        self._cache.put(key, item)
        return item

    def _missing(self, route: MediaRoute) -> Reply:
        if self._directory.playable(route.stream) is None:
            return not_live(route.stream)
        return text(404, f"{route.stream} has no {route.session}/{route.rendition}/{route.name}")

    # --- both -----------------------------------------------------------------------

    async def _miss(self, route: MediaRoute, asked: Asked, key: str, fetch: _Fetch) -> Reply:
        metrics.MISSES.labels(route.kind.value).inc()
        parent = propagate.extract({"traceparent": (asked.traceparent or b"").decode("latin-1")})
        with _tracer.start_as_current_span(
            f"gateway.{route.kind.value}",
            parent,
            kind=trace.SpanKind.SERVER,
            attributes={"weir.stream": route.stream},
        ):
            found = await self._flights.fly(key, fetch)
        return found.answer(asked) if isinstance(found, Immutable) else found

    async def _from_packager(
        self, session: str, path: str, *, wait_s: float = READ_S
    ) -> Fetched | None:
        """None if there is no packager now, or it does not answer."""
        packager = self._directory.packager(session)
        if packager is None:
            return None
        try:
            fetched = await self._origin.packaged(packager, path, wait_s=wait_s)
        except OriginUnreachable:
            self._note_failure(session)
            metrics.ORIGIN_FAILURES.labels("packager").inc()
            return None
        return None if fetched.status >= INTERNAL_SERVER_ERROR else fetched

    def _note_failure(self, session: str) -> None:
        self._failed_at[session] = self._clock()
        self._failed_at.move_to_end(session)
        while len(self._failed_at) > KEPT_PLAYLISTS:
            self._failed_at.popitem(last=False)


def _end_msn(playlist: bytes) -> int:
    found = _MEDIA_SEQUENCE.search(playlist)
    return int(found[1]) + playlist.count(b"\n#EXTINF:") if found else 0


def _goes_back(kept: _Kept | None, playlist: bytes) -> bool:
    """Whether a packager that is still catching up lists less than viewers have seen already.

    A media playlist must not lose segments from its end (RFC 8216 section 6.2.1); what was shown
    last stays in place, for as long as anything stale may be served.
    """
    return kept is not None and _end_msn(playlist) < kept.end_msn


def _playlist_path(route: MediaRoute) -> str:
    """Where the packager has it under the session."""
    if route.kind is Kind.MULTIVARIANT:
        return "master.m3u8"
    if route.kind is Kind.MANIFEST:
        return "manifest.mpd"
    return f"{route.rendition}/{route.name}"


def _media_key(route: MediaRoute) -> str:
    """The stream stands in it, so that no stream's URL shows another stream's media."""
    return f"{route.stream}/{route.session}/{route.rendition}/{route.name}"


def _track_of(route: MediaRoute) -> str:
    return "audio" if ".audio." in route.name else "video"
