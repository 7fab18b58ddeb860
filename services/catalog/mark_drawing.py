"""Can a stream's marks be drawn? Asked before they are kept: who sets them hears why not."""

import asyncio
from collections.abc import Iterable

from libs.events.marks import ClockMark, ImageMark, Mark, TextMark
from libs.marks import Fonts, MarkRefused, draw_text
from services.catalog.errors import StreamFieldInvalid


async def check_drawable(marks: Iterable[Mark]) -> None:
    """Raises `StreamFieldInvalid` with the reason."""
    for mark in marks:
        if isinstance(mark, ImageMark):
            continue  # looked at when it is uploaded or fetched
        text = mark.text if isinstance(mark, TextMark) else "2026-12-31 23:59:59"
        try:
            await asyncio.to_thread(_draw, text, mark)
        except MarkRefused as error:
            raise StreamFieldInvalid(f"The watermark cannot be drawn. {error}") from None


def _draw(text: str, mark: TextMark | ClockMark) -> None:
    draw_text(text, mark, _fonts())


_kept: list[Fonts] = []


def _fonts() -> Fonts:
    """Read once; again while there are none, for somebody may be installing some."""
    if not _kept or not _kept[0].faces:
        _kept[:] = [Fonts()]
    return _kept[0]
