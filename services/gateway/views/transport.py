"""Segments of the log as MPEG-TS, made when they are asked for, once for all who ask."""

import asyncio
from collections import OrderedDict
from typing import Protocol

from libs.events import Segment, TrackKind, TrackRange
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from libs.media.cmaf_reader import Chunk, read_chunks, read_configuration
from libs.media.codec import AudioConfig, CodecConfigurationInvalid, CodecUnsupported, VideoConfig
from libs.media.mpegts import Tracks, write_segment
from libs.names import SOURCE
from services.gateway.playback.cache import Cache
from services.gateway.playback.miss import Awaited, Misses
from services.gateway.playback.reply import Asked, Immutable, Reply, text
from services.gateway.playback.routes import MediaRoute
from services.gateway.views.clip import init_key
from services.gateway.views.log import Log

KEPT_BYTES = 32 * 1024 * 1024
KEPT_CONFIGURATIONS = 256
_IDS: dict[TrackKind, int] = {"video": VIDEO_TRACK_ID, "audio": AUDIO_TRACK_ID}


class Store(Protocol):
    async def stored(
        self, key: str, *, offset: int = 0, size: int | None = None
    ) -> bytes | None: ...


class _Gone(Exception):
    """An object that a row names is not there."""


class TransportSegments:
    def __init__(self, log: Log, store: Store) -> None:
        self._log = log
        self._store = store
        self._cache = Cache(KEPT_BYTES)
        self._misses = Misses()
        self._configurations: OrderedDict[str, VideoConfig | AudioConfig] = OrderedDict()

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
        rows = await self._rows(route)
        if not rows:
            return text(404, f"{route.stream} has no segment {route.name} there")
        try:
            tracks = await self._tracks(rows)
            chunks = [chunk for row in rows for chunk in await self._chunks(row)]
            body = await asyncio.to_thread(write_segment, tracks, chunks)
        except _Gone:
            return text(404, f"{route.stream} has no segment {route.name} any more")
        except (CodecConfigurationInvalid, CodecUnsupported) as error:
            return text(404, str(error))
        item = Immutable(key.replace("/", "."), body, b"video/mp2t")
        self._cache.put(key, item)
        return item

    async def _rows(self, route: MediaRoute) -> list[Segment]:
        """The segment's row; of a rung also the source's, whose sound it has. Of each only the
        tracks that are wanted.
        """
        msn = int(route.name.partition(".")[0])
        session, rendition = route.session, route.rendition
        if not session:
            # Numbers of sessions never overlap: segments last a second or more on average.
            found = await self._log.session_at(route.stream, msn)
            if found is None:
                return []
            session, rendition = found.id, SOURCE
        row = await self._log.row(session, rendition, msn)
        if row is None or row.stream != route.stream:
            return []
        if rendition == SOURCE:
            return [row]
        source = await self._log.row(session, SOURCE, msn)
        sounds = () if source is None else _of_kind(source, "audio")
        pictures = row.model_copy(update={"tracks": _of_kind(row, "video")})
        if source is None or not sounds:
            return [pictures]
        return [pictures, source.model_copy(update={"tracks": sounds})]

    async def _tracks(self, rows: list[Segment]) -> Tracks:
        """Raises `_Gone`."""
        video: VideoConfig | None = None
        audio: AudioConfig | None = None
        for row in rows:
            for track in row.tracks:
                found = await self._configuration(init_key(row, track.config_id))
                if isinstance(found, VideoConfig):
                    video = found
                else:
                    audio = found
        return Tracks(video, audio)

    async def _configuration(self, key: str) -> VideoConfig | AudioConfig:
        found = self._configurations.get(key)
        if found is None:
            found = read_configuration(await self._read(key))
            self._configurations[key] = found
        self._configurations.move_to_end(key)
        if len(self._configurations) > KEPT_CONFIGURATIONS:
            self._configurations.popitem(last=False)
        return found

    async def _chunks(self, row: Segment) -> list[Chunk]:
        """Raises `_Gone`."""
        data = await self._read(row.object_key, row.offset, row.size_bytes)
        wanted = {_IDS[track.kind] for track in row.tracks}
        return [chunk for chunk in read_chunks(data) if chunk.track_id in wanted]

    async def _read(self, key: str, offset: int = 0, size: int | None = None) -> bytes:
        data = await self._store.stored(key, offset=offset, size=size)
        if data is None:
            raise _Gone(key)
        return data


def _of_kind(row: Segment, kind: TrackKind) -> tuple[TrackRange, ...]:
    return tuple(track for track in row.tracks if track.kind == kind)
