"""Playlists and manifests by way of the packager: one fetch for all who want the same.

While a session's packager is being replaced, playlists are served stale: a player that waits goes
on, one that got a 404 may give up. A blocking reload is held until the playlist has what was asked
for; however many viewers wait for a part, the packager is asked for it once.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from http.client import BAD_REQUEST, NOT_FOUND, OK
from typing import Any

from services.gateway.playback.directory import Directory, Live
from services.gateway.playback.kept import Kept
from services.gateway.playback.miss import Awaited, Misses
from services.gateway.playback.origin import READ_S
from services.gateway.playback.packagers import Packagers
from services.gateway.playback.reload import PLAIN, Position, Reload, read_reload
from services.gateway.playback.reply import Asked, Reply, not_live, text
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.playback.targets import Targets

FRESH_S = 0.25
"""How long one fetched playlist serves all who ask for it as it is now."""
STALE_S = 30.0
"""How long the last playlist serves while its packager is away."""
HOLD_S = 8.0
"""How long a request waits for the first playlist."""
HOLD_TARGETS = 3
"""How long a blocking reload waits, in target durations (RFC 8216bis, 6.2.5.2)."""
USUAL_TARGET_S = 3
RETRY_S = 0.25
PART_FIRST_S = 0.1
"""How long a playlist lets the part go first that it is the news of."""
KEPT_PLAYLISTS = 4096

_RETRY = b"retry-after: 1\r\n"


FindPart = Callable[[MediaRoute], "asyncio.Task[Any] | None"]


class Playlists:
    """`find_part` gives the fetch of a part that is under way, None if nobody waits for it."""

    def __init__(
        self,
        directory: Directory,
        packagers: Packagers,
        targets: Targets,
        *,
        find_part: FindPart = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._packagers = packagers
        self._targets = targets
        self._find_part = find_part
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._misses = Misses()
        self._clock = clock

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Awaited:
        """At once from memory, else something to wait for. Raises `ReloadWrong`."""
        reload = PLAIN if asked.query is None else read_reload(asked.query)
        live = self._directory.playable(route.stream)
        if live is None:
            return not_live(route.stream)
        key = f"{live.session}/{_path(route)}"
        kept = self._kept.get(key)
        if reload.msn is None:
            if kept is not None and self._is_good_enough(kept, live.session):
                return kept.reply_to(reload, asked.if_none_match)
            return self._misses.join(route, asked, key, lambda: self._fetch(route, key, live))
        if kept is not None and kept.has(reload):
            return kept.reply_to(reload, asked.if_none_match)
        awaited = f"{key}?{reload.msn}.{reload.part}"
        return self._misses.join(
            route, asked, awaited, lambda: self._fetch_reload(route, key, live, reload)
        )

    async def close(self) -> None:
        await self._misses.close()

    # --- as it is now -----------------------------------------------------------------

    def _is_good_enough(self, kept: Kept, session: str) -> bool:
        """Fresh, or the packager has just failed to give a better one."""
        now = self._clock()
        fresh_until = FRESH_S
        if self._packagers.has_just_failed(session):
            fresh_until = STALE_S
        return now - kept.at < fresh_until

    async def _fetch(self, route: MediaRoute, key: str, live: Live) -> Reply | Kept:
        deadline = self._clock() + HOLD_S
        while True:
            kept = self._kept.get(key)
            wait_s = READ_S if kept else HOLD_S
            fetched = await self._packagers.ask(live.session, _path(route), wait_s=wait_s)
            if kept is not None and self._clock() - kept.at >= STALE_S:
                kept = None
            if fetched is not None and fetched.status == OK:
                new = Kept(route.kind, fetched, at=self._clock())
                self._targets.note(route.stream, new.target_s)
                return self._keep(key, new, kept)
            if kept is not None:
                return kept
            refusal = self._refuse(route, live, fetched.status if fetched else None)
            if refusal is not None:
                return refusal
            if self._clock() >= deadline:
                return text(503, f"{route.stream} has no segment yet", _RETRY)
            await asyncio.sleep(RETRY_S)

    def _refuse(self, route: MediaRoute, live: Live, status: int | None) -> Reply | None:
        """Why waiting would be in vain, if it would."""
        if self._directory.live(route.stream) is None:
            return not_live(route.stream)
        is_settling = self._directory.is_settling(live.session)
        if status == NOT_FOUND and not is_settling:
            return text(404, f"{route.stream} has no {_path(route)}")
        return None

    def _keep(self, key: str, new: Kept, kept: Kept | None) -> Kept:
        """The newer of both. A packager that is still catching up may list less than viewers have
        seen already; what was shown last stays in place (RFC 8216, 6.2.1).
        """
        if kept is not None and new.position < kept.position:
            return kept
        self._kept[key] = new
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_PLAYLISTS:
            self._kept.popitem(last=False)
        return new

    # --- blocking reload --------------------------------------------------------------

    async def _fetch_reload(
        self, route: MediaRoute, key: str, live: Live, reload: Reload
    ) -> Reply | Kept:
        kept = self._kept.get(key)
        hold_s = HOLD_TARGETS * (kept.target_s if kept and kept.target_s else USUAL_TARGET_S)
        deadline = self._clock() + hold_s
        query = f"_HLS_msn={reload.msn}"
        if reload.part is not None:
            query += f"&_HLS_part={reload.part}"
        while True:
            left_s = deadline - self._clock()
            fetched = await self._packagers.ask(
                live.session, f"{_path(route)}?{query}", wait_s=left_s + READ_S
            )
            if fetched is not None and fetched.status == OK:
                new = Kept(route.kind, fetched, at=self._clock())
                if new.has(reload):
                    await self._after_its_part(route, live, new.position)
                    self._keep(key, new, self._kept.get(key))
                    return new
            if fetched is not None and fetched.status == BAD_REQUEST:
                return text(400, "_HLS_msn and _HLS_part ask too far ahead of the live edge.")
            if self._directory.live(route.stream) is None:
                return await self._fetch(route, key, live)
            refusal = self._refuse(route, live, fetched.status if fetched else None)
            if refusal is not None:
                return refusal
            if self._clock() >= deadline:
                return text(503, f"{route.stream} has nothing new for {hold_s} s", _RETRY)
            await asyncio.sleep(RETRY_S)

    async def _after_its_part(self, route: MediaRoute, live: Live, position: Position) -> None:
        """Let those be answered first who wait for the newest part: it carries the frames, and to
        them the playlist tells nothing that they could show.
        """
        msn, part = position.msn, position.part - 1
        if part < 0:
            msn, part = msn - 1, position.parts_before - 1
        name = f"{msn}.{part}.{route.name.partition('.')[0]}.m4s"
        awaited = self._find_part(route._replace(kind=Kind.PART, session=live.session, name=name))
        if awaited is not None:
            await asyncio.wait({awaited}, timeout=PART_FIRST_S)


def _path(route: MediaRoute) -> str:
    """Where the packager has it under the session."""
    if route.kind is Kind.MULTIVARIANT and not route.rendition:
        return "master.m3u8"
    if route.kind is Kind.MANIFEST:
        return "manifest.mpd"
    return f"{route.rendition}/{route.name}"
