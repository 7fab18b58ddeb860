"""The picture that stands for what is on air: a still of moments ago, shared by all who ask."""

import asyncio
import io
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from libs.storage import ObjectStore
from services.gateway.playback.flights import Flights
from services.gateway.views.log import Log
from services.gateway.views.stills import StillFormat, make_stills

KEPT = 200
FRESH_S = 30.0
MISSING_S = 3.0
"""After so long it is tried again."""
LATE_S = (5.0, 9.0, 16.0)
"""How long ago, at first: rows come a few seconds after what they show."""
SIZE = (1280, 720)
"""At most."""


class _Kept(NamedTuple):
    picture: bytes | None
    made_at: float


class LivePosters:
    def __init__(
        self, log: Log, store: ObjectStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._store = store
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._flights: Flights[bytes | None] = Flights()

    async def of(self, stream: str) -> bytes | None:
        """JPEG; None: nothing of it is stored yet. Raises `StillsBusy`, and what others do."""
        kept = self._kept.get(stream)
        if kept is not None:
            fresh_s = FRESH_S if kept.picture else MISSING_S
            if self._clock() - kept.made_at < fresh_s:
                return kept.picture
        return await self._flights.fly(stream, lambda: self._make(stream))

    async def _make(self, stream: str) -> bytes | None:
        now = datetime.now(UTC)
        instants = [now - timedelta(seconds=late_s) for late_s in LATE_S]
        stills = await make_stills(self._log, self._store, stream, instants, StillFormat())
        still = next((each for each in stills if not each.error), None)
        picture = await asyncio.to_thread(_shrink, still.content) if still is not None else None
        self._kept[stream] = _Kept(picture, self._clock())
        self._kept.move_to_end(stream)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return picture


def _shrink(picture: bytes) -> bytes:
    from PIL import Image

    image = Image.open(io.BytesIO(picture))
    image.thumbnail(SIZE)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()
