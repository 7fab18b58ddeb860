"""Segments of the log with a viewer's mark, burned once for each segment and mark."""

import asyncio
from hashlib import sha256

from libs.events import Segment
from libs.events.viewer_marks import BurnOrder, ViewerMark
from libs.media.cmaf import VIDEO_TRACK_ID
from libs.media.cmaf_reader import read_chunks
from libs.media.mpegts import write_segment
from services.gateway.burning.budget import Budget
from services.gateway.burning.burners import Burners
from services.gateway.burning.remade import first_shown, remade, write_pictures
from services.gateway.playback.cache import Cache
from services.gateway.playback.flights import Flights
from services.gateway.playback.reply import Immutable
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.views.footage import Footage, Footages

TS_TYPE = "video/MP2T"


class Burning:
    def __init__(
        self, footages: Footages, burners: Burners, budget: Budget, *, cache_bytes: int
    ) -> None:
        self._footages = footages
        self._burners = burners
        self._budget = budget
        self._cache = Cache(cache_bytes)
        self._flights: Flights[bytes] = Flights()

    async def segment(self, route: MediaRoute, mark: ViewerMark, *, viewer: str) -> bytes:
        """As MPEG-TS, or its pictures as CMAF, whichever `route` asks for; as MPEG-TS a segment
        without pictures is as it is.

        Raises `SegmentUnknown`, `ViewerOverBudget`, `MarkInvalid`, `BurnersBusy`, `PicturesLost`,
        and what the reader of our own media does.
        """
        key = _key(route, mark)
        found = self._cache.get(key)
        if found is not None:
            return found.body
        return await self._flights.fly(key, lambda: self._burn(key, route, mark, viewer))

    async def close(self) -> None:
        await self._flights.close()
        await self._burners.close()

    async def _burn(self, key: str, route: MediaRoute, mark: ViewerMark, viewer: str) -> bytes:
        async with self._budget.spend(viewer):
            footage = await self._footages.find(route)
            if footage.tracks.video is None:
                return await asyncio.to_thread(write_segment, footage.tracks, footage.chunks)
            body = await self._with_pictures(footage, mark, route.kind)
        self._cache.put(key, Immutable(key, body, TS_TYPE.encode()))
        return body

    async def _with_pictures(self, footage: Footage, mark: ViewerMark, kind: Kind) -> bytes:
        init, media = await self._footages.pictures(_pictured(footage.rows))
        samples = sum(
            len(chunk.samples) for chunk in footage.chunks if chunk.track_id == VIDEO_TRACK_ID
        )
        pictures = b"".join(media)
        flv = await self._burners.burn(BurnOrder(mark=mark, samples=samples), init, pictures)
        return await asyncio.to_thread(_write, footage, flv, pictures, kind)


def _write(footage: Footage, flv: bytes, pictures: bytes, kind: Kind) -> bytes:
    begins_at = first_shown(read_chunks(pictures))
    tracks, chunks = remade(footage.tracks, footage.chunks, flv, begins_at=begins_at)
    if kind is Kind.TRANSPORT:
        return write_segment(tracks, chunks)
    return write_pictures(tracks, chunks, sequence=footage.rows[0].msn)


def _pictured(rows: list[Segment]) -> Segment:
    return next(row for row in rows if any(track.kind == "video" for track in row.tracks))


def _key(route: MediaRoute, mark: ViewerMark) -> str:
    digest = sha256(mark.model_dump_json().encode()).hexdigest()
    return f"{route.stream}.{route.session}.{route.rendition}.{route.name}.{digest}"
