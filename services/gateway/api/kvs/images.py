"""GetImages: stills of a time range."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from libs.names import DEFAULT_TENANT
from libs.permissions import Permission
from services.gateway.api.auth import signed
from services.gateway.api.house import TheHouse
from services.gateway.api.kvs.errors import KVSRoute, invalid
from services.gateway.api.kvs.names import find_recorded
from services.gateway.api.kvs.request import Instant, OfStream, body_of, read
from services.gateway.api.kvs.streams import read_token, write_token
from services.gateway.views.log import Log
from services.gateway.views.span import MAX_SPAN
from services.gateway.views.stills import Still, StillFormat, make_stills

router = APIRouter(route_class=KVSRoute)
PAGE_IMAGES = 25
USUAL_INTERVAL_MS = 3000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ImagesWanted(OfStream):
    image_selector_type: Literal["PRODUCER_TIMESTAMP", "SERVER_TIMESTAMP"]
    start_timestamp: Instant
    end_timestamp: Instant
    sampling_interval: int = Field(default=USUAL_INTERVAL_MS, ge=200)
    format: Literal["JPEG", "PNG"]
    format_config: dict[Literal["JPEGQuality"], str] | None = None
    width_pixels: int | None = Field(default=None, ge=1, le=3840)
    height_pixels: int | None = Field(default=None, ge=1, le=2160)
    max_results: int = Field(default=PAGE_IMAGES, ge=1, le=100)
    next_token: str = Field(default="", max_length=4096)


@router.post(
    "/getImages",
    openapi_extra=body_of(ImagesWanted),
    dependencies=[signed(Permission.RECORDINGS_READ)],
)
async def get_images(request: Request, house: TheHouse) -> dict[str, Any]:
    """A still each `SamplingInterval`, at most 25 a page: what the picture showed then."""
    wanted = await read(request, ImagesWanted)
    _check(wanted)
    stream = await find_recorded(house, wanted)
    begin = _read_next(wanted)
    step = timedelta(milliseconds=wanted.sampling_interval)
    count = min(PAGE_IMAGES, wanted.max_results, (wanted.end_timestamp - begin) // step + 1)
    instants = [begin + index * step for index in range(count)]
    size = (wanted.width_pixels, wanted.height_pixels)
    stills = await make_stills(
        Log(house.catalog, DEFAULT_TENANT),
        house.store,
        stream.id,
        instants,
        StillFormat(
            name=wanted.format,
            quality=_quality(wanted),
            size=size if size[0] and size[1] else None,  # type: ignore[arg-type]
        ),
    )
    answer: dict[str, Any] = {"Images": [_image(still) for still in stills]}
    following = begin + count * step
    if following <= wanted.end_timestamp:
        answer["NextToken"] = write_token(str((following - _EPOCH) // _MICROSECOND))
    return answer


def _check(wanted: ImagesWanted) -> None:
    """Raise `InvalidArgument`."""
    if wanted.end_timestamp < wanted.start_timestamp:
        raise invalid("EndTimestamp must not lie before StartTimestamp.")
    if wanted.end_timestamp - wanted.start_timestamp > MAX_SPAN:
        raise invalid("A range of images covers at most 24 hours.")
    if (wanted.width_pixels is None) is not (wanted.height_pixels is None):
        raise invalid("Give both WidthPixels and HeightPixels, or none of them.")


def _quality(wanted: ImagesWanted) -> int:
    """Raises `InvalidArgument`."""
    text = (wanted.format_config or {}).get("JPEGQuality", "80")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):  # noqa: PLR2004 - percent
        raise invalid("JPEGQuality is 1 to 100.")
    return int(text)


def _read_next(wanted: ImagesWanted) -> datetime:
    """Where the page begins. Raises `InvalidArgument`."""
    if not wanted.next_token:
        return wanted.start_timestamp
    text = read_token(wanted.next_token)
    is_number = text.isascii() and text.isdigit() and len(text) <= 17  # noqa: PLR2004 - of µs
    begin = _EPOCH + int(text) * _MICROSECOND if is_number else _EPOCH
    if not wanted.start_timestamp <= begin <= wanted.end_timestamp:
        raise invalid("NextToken belongs to another range.")
    return begin


def _image(still: Still) -> dict[str, Any]:
    image: dict[str, Any] = {"TimeStamp": still.at.timestamp()}
    if still.error:
        image["Error"] = still.error
    else:
        image["ImageContent"] = base64.b64encode(still.content).decode()
    return image
