"""GetClip: a time range as one MP4 file."""

from fastapi import APIRouter, Request, Response

from libs.permissions import Permission
from services.gateway.api.auth import signed
from services.gateway.api.clips import respond
from services.gateway.api.house import TheHouse
from services.gateway.api.kvs.errors import KVSRoute, check_pictures, unknown
from services.gateway.api.kvs.fragments import Selector, bounds, selected
from services.gateway.api.kvs.names import find_recorded
from services.gateway.api.kvs.request import OfStream, body_of, read
from services.gateway.views.clip import Clip

router = APIRouter(route_class=KVSRoute)


class ClipWanted(OfStream):
    clip_fragment_selector: Selector


@router.post(
    "/getClip",
    openapi_extra=body_of(ClipWanted),
    response_class=Response,
    dependencies=[signed(Permission.RECORDINGS_READ)],
)
async def get_clip(request: Request, house: TheHouse) -> Response:
    """The fragments that start within the range, as MP4."""
    wanted = await read(request, ClipWanted)
    stream = await find_recorded(house, wanted)
    clip = Clip()
    async for row in selected(house, stream, *bounds(wanted.clip_fragment_selector)):
        if clip.began_at is None:
            check_pictures(row.tracks)
        clip.add(row)
    if clip.began_at is None:
        raise unknown("The stream has no fragments in this time range.")
    await clip.open(house.store)
    return respond(clip, house, request)
