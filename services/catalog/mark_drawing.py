"""Can a stream's marks be drawn? Asked before they are kept: who sets them hears why not."""

import asyncio
import functools
from collections.abc import Iterable

from libs.events.marks import ImageMark, Mark, TextMark
from libs.marks import Fonts, MarkRefused, draw_text
from services.catalog.errors import StreamFieldInvalid


async def check_drawable(marks: Iterable[Mark]) -> None:
    """Raises `StreamFieldInvalid` with the reason."""
    for mark in marks:
        if isinstance(mark, ImageMark):
            continue  # looked at when it is uploaded or fetched
        text = mark.text if isinstance(mark, TextMark) else "2026-12-31 23:59:59"
        try:
            await asyncio.to_thread(draw_text, text, mark, _fonts())
        except MarkRefused as error:
            raise StreamFieldInvalid(f"The watermark cannot be drawn. {error}") from None


@functools.cache
def _fonts() -> Fonts:
    return Fonts()
