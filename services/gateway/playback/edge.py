"""The playback edge: playlists by way of the packager, and `Media`.

One fetch per playlist and moment. While a session's packager is being replaced, playlists are
served stale: a player that waits goes on, one that got a 404 may give up.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from http.client import NOT_FOUND, OK
from typing import Any, NamedTuple

from services.gateway.playback.directory import Directory, Live
from services.gateway.playback.media import Media
from services.gateway.playback.miss import Misses
from services.gateway.playback.origin import READ_S, Origin
from services.gateway.playback.packagers import Packagers
from services.gateway.playback.reply import LIVE_EDGE, Asked, Reply, headers, not_live, text
from services.gateway.playback.routes import Kind, MediaRoute

FRESH_S = 0.25
"""How long one fetched playlist serves all who ask."""
STALE_S = 30.0
"""How long the last playlist serves while its packager is away."""
HOLD_S = 8.0
"""How long a request waits for the first playlist."""
RETRY_S = 0.25
KEPT_PLAYLISTS = 4096

_HLS = headers(b"application/vnd.apple.mpegurl", LIVE_EDGE)
_MPD = headers(b"application/dash+xml", LIVE_EDGE)
_MEDIA_SEQUENCE = re.compile(rb"^#EXT-X-MEDIA-SEQUENCE:([0-9]{1,10})\r?$", re.MULTILINE)
_RETRY = b"retry-after: 1\r\n"


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
        self._packagers = Packagers(directory, origin, clock=clock)
        self._media = Media(
            directory, origin, self._packagers, cache_bytes=cache_bytes, clock=clock, wall=wall
        )
        self._playlists: OrderedDict[str, _Kept] = OrderedDict()
        self._misses = Misses()
        self._clock = clock

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Coroutine[Any, Any, Reply]:
        """At once from memory, else something to wait for."""
        if route.kind in (Kind.SEGMENT, Kind.INIT):
            return self._media.answer(route, asked)
        return self._playlist(route, asked)

    async def close(self) -> None:
        await self._misses.close()
        await self._media.close()

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
        return self._misses.answer(
            route, asked, key, lambda: self._fetch_playlist(route, key, live)
        )

    def _is_good_enough(self, kept: _Kept, session: str) -> bool:
        """Fresh, or the packager has just failed to give a better one."""
        now = self._clock()
        fresh_until = FRESH_S
        if self._packagers.has_just_failed(session):
            fresh_until = STALE_S
        return now - kept.at < fresh_until

    async def _fetch_playlist(self, route: MediaRoute, key: str, live: Live) -> Reply:
        path = _playlist_path(route)
        deadline = self._clock() + HOLD_S
        while True:
            kept = self._playlists.get(key)
            wait_s = READ_S if kept else HOLD_S
            fetched = await self._packagers.ask(live.session, path, wait_s=wait_s)
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
