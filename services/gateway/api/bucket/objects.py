"""GET of an object by its presigned URL: segments with the viewer's mark, all else as it is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from libs.names import ITS_TENANT
from services.gateway.api.bucket.errors import BucketRoute
from services.gateway.api.bucket.keys import Day, File, Playlist, Segment, read_key
from services.gateway.api.bucket.marks import CONTENT, read_mark
from services.gateway.api.bucket.presigned import Parameters
from services.gateway.api.files import PLAYLIST_TYPE, answer_day, answer_file, find_file
from services.gateway.api.house import House, TheHouse
from services.gateway.api.ranged import ranged
from services.gateway.api.watching import PLAYABLE
from services.gateway.burning.burning import TS_TYPE
from services.gateway.errors import KeyUnknown
from services.gateway.playback.miss import Awaited
from services.gateway.playback.reply import Asked, Reply

OK = 200


def router_of(bucket: str) -> APIRouter:
    router = APIRouter(route_class=BucketRoute, tags=["bucket"])
    path = f"/{bucket}/{{key:path}}"
    types: dict[str, dict[str, str]] = {
        each: {} for each in (TS_TYPE, PLAYLIST_TYPE, "video/mp4", "image/jpeg")
    }
    router.get(path, response_class=Response, responses={200: {"content": types}})(get_object)
    router.head(path, include_in_schema=False)(get_object)
    return router


async def get_object(
    key: Annotated[str, Path(max_length=400)],
    parameters: Parameters,
    request: Request,
    house: TheHouse,
) -> Response:
    """An object by its presigned URL (AWS Signature Version 4, service s3). A `.ts` has the mark
    that the signed `X-Amz-Watermark…` parameters say; everything else is as it is.
    """
    match read_key(key):
        case Segment() as segment:
            return await _burned(segment, parameters, request, house)
        case Playlist() as playlist:
            return await _listed(playlist, house)
        case Day() as day:
            return await answer_day(day.stream, day.date, house)
        case File() as file:
            return answer_file(await find_file(file.key, house, ITS_TENANT), request, house)
    raise KeyUnknown("The specified key does not exist.")


async def _burned(
    segment: Segment, parameters: dict[str, str], request: Request, house: House
) -> Response:
    mark = read_mark(parameters, now=datetime.now(UTC))
    # The first line names the viewer; several may come from one address.
    name = mark.lines[0] if parameters.get(CONTENT.lower()) else ""
    viewer = f"{request.client.host if request.client else ''} {name}"
    body = await house.burning.segment(segment.route, mark, viewer=viewer)

    async def read(first: int, last: int) -> AsyncIterator[bytes]:
        yield body[first : last + 1]

    headers = PLAYABLE | {"cache-control": "private, no-store"}
    return ranged(request, len(body), TS_TYPE, read, headers)


async def _listed(playlist: Playlist, house: House) -> Response:
    answer = house.edge.answer(playlist.route, Asked())
    reply = await answer if isinstance(answer, Awaited) else answer
    if not isinstance(reply, Reply) or reply.status != OK:
        raise KeyUnknown("The specified key does not exist.")
    headers = PLAYABLE | {"cache-control": "private, no-cache"}
    return Response(bytes(reply.body), media_type=PLAYLIST_TYPE, headers=headers)
