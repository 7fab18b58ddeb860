"""The playback edge: what a request for a playlist, a manifest, a view or media gets."""

import time
from collections.abc import Callable

from services.gateway.playback.directory import Directory
from services.gateway.playback.growing import Growth
from services.gateway.playback.media import Media
from services.gateway.playback.miss import Awaited
from services.gateway.playback.origin import Origin
from services.gateway.playback.packagers import Packagers
from services.gateway.playback.playlists import Playlists
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.playback.targets import Targets
from services.gateway.views.footage import Footages
from services.gateway.views.log import Log
from services.gateway.views.transport import TransportSegments
from services.gateway.views.views import Views

_MEDIA = (Kind.SEGMENT, Kind.PART, Kind.INIT)


class Edge:
    def __init__(
        self,
        directory: Directory,
        origin: Origin,
        log: Log,
        *,
        cache_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        packagers = Packagers(directory, origin, clock=clock)
        self._media = Media(
            directory,
            origin,
            packagers,
            find_row=log.row,
            find_tenant=log.tenant_of,
            cache_bytes=cache_bytes,
            clock=clock,
            wall=wall,
        )
        self.targets = Targets()
        self._playlists = Playlists(
            directory, packagers, self.targets, find_part=self._media.under_way, clock=clock
        )
        self._views = Views(directory, log, clock=clock, wall=wall)
        self.footages = Footages(log, origin)
        self._transport = TransportSegments(self.footages)

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Growth | Awaited:
        """At once from memory, else something to wait for. Raises `ReloadWrong`."""
        if route.kind in _MEDIA:
            return self._media.answer(route, asked)
        if route.kind is Kind.VIEW:
            return self._views.answer(route, asked)
        if route.kind is Kind.TRANSPORT:
            return self._transport.answer(route, asked)
        return self._playlists.answer(route, asked)

    async def close(self) -> None:
        await self._transport.close()
        await self._views.close()
        await self._playlists.close()
        await self._media.close()
