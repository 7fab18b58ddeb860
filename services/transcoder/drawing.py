"""Draws a stream's marks: letters by the fonts of this machine, pictures from store or web."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from libs.egress import Egress, fetch
from libs.errors import WeirError
from libs.events import MarkReport
from libs.events.marks import ClockMark, ImageMark, Mark, TextMark
from libs.marks import Fonts, draw_text, image_key, read_picture
from libs.marks.picture import MAX_FILE_BYTES
from services.transcoder.layers import Drawn, Layer, clock, still

log = structlog.get_logger()


class Store(Protocol):
    async def get(self, key: str) -> bytes: ...


class Drawing:
    """What a URL gave is kept for as long as this worker has the job: a change of the marks asks
    nobody's server again. A successor does.
    """

    def __init__(self, store: Store, egress: Egress, *, tenant: str) -> None:
        self._store = store
        self._egress = egress
        self._tenant = tenant
        self._fonts: Fonts | None = None
        self._fetched: dict[str, bytes] = {}

    async def draw(self, marks: Sequence[Mark], *, width: int, height: int) -> Drawn:
        """For frames of `width` x `height`, the lowest first. A mark that cannot be had is left
        out, and the report says why: one missing logo among others takes no stream off the air.
        """
        layers: list[Layer] = []
        reports: list[MarkReport] = []
        for mark in marks:
            report = MarkReport(kind=mark.kind)
            try:
                layers.append(await self._layer(mark, width, height))
            except WeirError as error:
                log.warning("mark.left_out", kind=mark.kind, code=error.code, reason=str(error))
                report = MarkReport(kind=mark.kind, left_out=error.code, detail=str(error))
            reports.append(report)
        return Drawn(tuple(layers), tuple(reports))

    async def can_be_had(self, mark: Mark) -> bool:
        """Whether the picture of a mark that was left out is there now; it is kept then."""
        if not isinstance(mark, ImageMark):
            return False
        try:
            await self._file(mark)
        except WeirError:
            return False
        return True

    async def _layer(self, mark: Mark, width: int, height: int) -> Layer:
        """Raises what says why it cannot be had, `MarkOffFrame` for example."""
        if self._fonts is None or not self._fonts.faces:
            self._fonts = await asyncio.to_thread(Fonts)
        match mark:
            case TextMark():
                picture = await asyncio.to_thread(draw_text, mark.text, mark, self._fonts)
            case ClockMark():
                return await asyncio.to_thread(clock, mark, self._fonts, width=width, height=height)
            case ImageMark():
                file = await self._file(mark)
                size = {"width": mark.width, "height": mark.height}
                picture = await asyncio.to_thread(read_picture, file, **size, opacity=mark.opacity)
        return still(mark, picture, width=width, height=height)

    async def _file(self, mark: ImageMark) -> bytes:
        if mark.image is not None:
            return await self._store.get(image_key(self._tenant, mark.image))
        url = mark.url or ""
        if url not in self._fetched:
            got = await fetch(self._egress, url, max_bytes=MAX_FILE_BYTES)
            self._fetched[url] = got.body
        return self._fetched[url]
