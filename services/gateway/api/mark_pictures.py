"""`/api/v1/mark-pictures`: a mark as it will be burned in, to be seen before it is."""

import asyncio
import functools
import time
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Response

from libs.events.marks import ClockMark, ImageMark, Mark, TextMark
from libs.marks import Fonts, Picture, clock_text, draw_text, image_key, read_picture
from libs.permissions import Permission
from libs.storage import ObjectMissing
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.errors import ImageUnknown

router = APIRouter(prefix="/mark-pictures", tags=["images"])
_one_at_a_time = asyncio.Lock()
"""The largest needs a quarter of a gigabyte while it is drawn."""


@router.post(
    "",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
    dependencies=[needs(Permission.STREAMS_WRITE)],
)
async def draw(mark: Annotated[Mark, Body()], house: TheHouse, tenant: TheTenant) -> Response:
    """The mark alone, as PNG with alpha, in the pixels of a stream's picture: the transcoder lays
    the very same over it. A clock shows now. A picture that is only known by its URL is not fetched
    for this: 404.
    """
    async with _one_at_a_time:
        picture = await _drawn(mark, house, tenant)
        png = await asyncio.to_thread(picture.png)
    return Response(png, media_type="image/png", headers={"cache-control": "no-store"})


async def _drawn(mark: Mark, house: House, tenant: str) -> Picture:
    match mark:
        case TextMark():
            return await asyncio.to_thread(_letter, mark.text, mark)
        case ClockMark():
            text = clock_text(time.time(), ZoneInfo(mark.timezone))
            return await asyncio.to_thread(_letter, text, mark)
        case ImageMark():
            return await _of_image(mark, house, tenant)


def _letter(text: str, mark: TextMark | ClockMark) -> Picture:
    if not _fonts().faces:
        # They may have been installed since.
        _fonts.cache_clear()
    return draw_text(text, mark, _fonts())


@functools.cache
def _fonts() -> Fonts:
    return Fonts()


async def _of_image(mark: ImageMark, house: House, tenant: str) -> Picture:
    if mark.image is None:
        raise ImageUnknown("A picture is fetched from its URL when the stream is live, not before.")
    try:
        file = await house.store.get(image_key(tenant, mark.image))
    except ObjectMissing:
        raise ImageUnknown("There is no such image.") from None
    return await asyncio.to_thread(
        read_picture, file, width=mark.width, height=mark.height, opacity=mark.opacity
    )
