"""What a segment of the log shows and sounds like: the samples of its row, and how to read them."""

from collections import OrderedDict
from typing import NamedTuple, Protocol

from libs.events import Segment, TrackKind, TrackRange
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from libs.media.cmaf_reader import Chunk, read_chunks, read_configuration
from libs.media.codec import AudioConfig, VideoConfig
from libs.media.mpegts import Tracks
from libs.names import SOURCE, is_sound
from services.gateway.errors import SegmentUnknown
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.views.clip import init_key
from services.gateway.views.log import Log

KEPT_CONFIGURATIONS = 256
MAX_LEAD = 32
"""Segments that a decoder is led through; a GOP is cut at the target duration, and not longer."""
_IDS: dict[TrackKind, int] = {"video": VIDEO_TRACK_ID, "audio": AUDIO_TRACK_ID}


class Store(Protocol):
    async def stored(
        self, key: str, *, offset: int = 0, size: int | None = None
    ) -> bytes | None: ...


class Footage(NamedTuple):
    """One segment."""

    tracks: Tracks
    chunks: list[Chunk]
    rows: list[Segment]
    """Of the picture first; each with the tracks that are taken of it."""


class Footages:
    """Raises `SegmentUnknown` (the log has no such row, or the store no such object any more), and
    what the reader of our own media does.
    """

    def __init__(self, log: Log, store: Store) -> None:
        self._log = log
        self._store = store
        self._configurations: OrderedDict[str, VideoConfig | AudioConfig] = OrderedDict()

    async def find(self, route: MediaRoute) -> Footage:
        rows = await self._rows(route)
        chunks = [chunk for row in rows for chunk in await self._chunks(row)]
        return Footage(await self._tracks(rows), chunks, rows)

    async def row(self, route: MediaRoute) -> Segment:
        """The segment's own row."""
        msn = int(route.name.partition(".")[0])
        session, rendition = route.session, route.rendition
        if not session:
            # Numbers of sessions never overlap: segments last a second or more on average.
            found = await self._log.session_at(route.stream, msn)
            session, rendition = found.id if found is not None else "", SOURCE
        row = await self._log.row(session, rendition, msn) if session else None
        if row is None or row.stream != route.stream:
            raise SegmentUnknown(f"{route.stream} has no segment {route.name} there")
        return row

    async def picture(self, row: Segment) -> VideoConfig | None:
        """How the pictures of `row` are encoded; None if it has none."""
        for track in _of_kind(row, "video"):
            found = await self._configuration(init_key(row, track.config_id))
            return found if isinstance(found, VideoConfig) else None
        return None

    async def pictures(self, row: Segment) -> tuple[bytes, list[bytes]]:
        """What decodes the pictures of `row`: the init segment, and the chunks of its track, behind
        those of the rows that lead to it from a keyframe on.
        """
        rows = [row]
        while not rows[-1].is_independent:
            before = await self._log.row(row.session, row.rendition, rows[-1].msn - 1)
            if before is None or len(rows) > MAX_LEAD:
                raise SegmentUnknown(f"{row.stream} has no keyframe near before {row.msn}")
            rows.append(before)
        (own,) = _of_kind(row, "video")
        return await self._read(init_key(row, own.config_id)), [
            await self._read(each.object_key, each.offset + track.offset, track.size_bytes)
            for each in reversed(rows)
            for track in _of_kind(each, "video")
        ]

    async def _rows(self, route: MediaRoute) -> list[Segment]:
        """The segment's row; of a rung also the source's, whose sound it has. Of each only the
        tracks that are wanted.
        """
        row = await self.row(route)
        if row.rendition == SOURCE or is_sound(row.rendition) or route.kind is Kind.SEGMENT:
            return [row]
        source = await self._log.row(row.session, SOURCE, row.msn)
        sounds = () if source is None else _of_kind(source, "audio")
        pictures = row.model_copy(update={"tracks": _of_kind(row, "video")})
        if source is None or not sounds:
            return [pictures]
        return [pictures, source.model_copy(update={"tracks": sounds})]

    async def _tracks(self, rows: list[Segment]) -> Tracks:
        """Raises `SegmentUnknown`."""
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
        """Raises `SegmentUnknown`."""
        data = await self._read(row.object_key, row.offset, row.size_bytes)
        wanted = {_IDS[track.kind] for track in row.tracks}
        return [chunk for chunk in read_chunks(data) if chunk.track_id in wanted]

    async def _read(self, key: str, offset: int = 0, size: int | None = None) -> bytes:
        data = await self._store.stored(key, offset=offset, size=size)
        if data is None:
            raise SegmentUnknown("The segment's media are not there any more.")
        return data


def _of_kind(row: Segment, kind: TrackKind) -> tuple[TrackRange, ...]:
    return tuple(track for track in row.tracks if track.kind == kind)
