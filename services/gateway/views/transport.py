"""Segments of the log as MPEG-TS, made when they are asked for, once for all who ask."""

import asyncio

from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported
from libs.media.mpegts import write_segment
from services.gateway.errors import SegmentUnknown
from services.gateway.playback.cache import Cache
from services.gateway.playback.miss import Awaited, Misses
from services.gateway.playback.reply import Asked, Immutable, Reply, text
from services.gateway.playback.routes import MediaRoute
from services.gateway.views.footage import Footages

KEPT_BYTES = 32 * 1024 * 1024


class TransportSegments:
    def __init__(self, footages: Footages) -> None:
        self._footages = footages
        self._cache = Cache(KEPT_BYTES)
        self._misses = Misses()

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Awaited:
        """At once from memory, else something to wait for."""
        key = f"{route.stream}/{route.session}/{route.rendition}/{route.name}"
        found = self._cache.get(key)
        if found is not None:
            return found.answer(asked)
        return self._misses.join(route, asked, key, lambda: self._make(route, key))

    async def close(self) -> None:
        await self._misses.close()

    async def _make(self, route: MediaRoute, key: str) -> Reply | Immutable:
        try:
            footage = await self._footages.find(route)
            body = await asyncio.to_thread(write_segment, footage.tracks, footage.chunks)
        except (SegmentUnknown, CodecConfigurationInvalid, CodecUnsupported) as error:
            return text(404, str(error))
        item = Immutable(key.replace("/", "."), body, b"video/mp2t")
        self._cache.put(key, item)
        return item
