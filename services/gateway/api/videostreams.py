"""What the replaced system's web console calls: `/videostreams` and `/login`.

Its lists stand in `{"statusCode": 200, "data": [...]}`, and what it makes is answered bare. An item
is that of `/videostream`.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field

from libs.errors import WeirError
from libs.events import DeleteStream, Stream
from libs.permissions import Permission
from services.gateway.access.passwords import MAX_CHARS
from services.gateway.api import login, videostream
from services.gateway.api.addresses import Addresses
from services.gateway.api.auth import ANYBODY, TheCaller, TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_known_id, every_stream

router = APIRouter(prefix="/videostreams", tags=["videostreams"])
sign_in_router = APIRouter(tags=["videostreams"])
_OUTPUTS = ("isFlv", "isHls", "isCMAF", "isImage", "isOnDemand", "isVideo", "isCluster")
_SIGNED_IN = "signed-in"


class VideoStreams(BaseModel):
    statusCode: int = 200  # noqa: N815 - a name of the replaced system
    data: list[dict[str, Any]]


class Credentials(BaseModel):
    username: str = Field(max_length=256)
    password: str = Field(max_length=MAX_CHARS)


class SignInToken(BaseModel):
    token: str
    """That it went well; what opens the API is the cookie."""


@router.get("", dependencies=[needs(Permission.STREAMS_READ)])
async def list_items(house: TheHouse, caller: TheCaller) -> VideoStreams:
    """All items."""
    return VideoStreams(data=await videostream.list_all(house, caller))


@router.get("/online", dependencies=[needs(Permission.STREAMS_READ)])
async def list_online(house: TheHouse, tenant: TheTenant) -> VideoStreams:
    """What is on air."""
    addresses = await house.addresses.of(tenant)
    online = []
    async for stream in every_stream(house, tenant):
        live = house.directory.live(stream.id)
        if live is not None and live.is_publishing:
            online.append(_online(stream, addresses))
    return VideoStreams(data=online)


@router.post("", openapi_extra=videostream.BODY, dependencies=[needs(Permission.STREAMS_WRITE)])
async def create(request: Request, house: TheHouse, caller: TheCaller) -> dict[str, Any]:
    """Make a stream from any JSON object; answers the whole item."""
    return await videostream.create(request, house, caller)


@router.put(
    "/{stream_id}",
    openapi_extra=videostream.BODY,
    response_model=None,
    dependencies=[needs(Permission.STREAMS_WRITE)],
)
async def update(stream_id: str, request: Request, house: TheHouse, caller: TheCaller) -> Response:
    """Set every field of the body; answers `{"Attributes": …}`, the whole item after it."""
    try:
        item = await videostream.change(stream_id, request, house, caller)
    except WeirError as error:
        return videostream.old_answer(house, error, JSONResponse(videostream.FAILED))
    return JSONResponse({"Attributes": item})


@router.delete("/{stream_id}", response_model=None, dependencies=[needs(Permission.STREAMS_WRITE)])
async def delete(stream_id: str, house: TheHouse, tenant: TheTenant) -> Response:
    """Delete the stream; answers `deleted stream id:<id>`."""
    try:
        check_known_id(stream_id)
        await house.catalog.ask(DeleteStream(tenant=tenant, id=stream_id))
    except WeirError as error:
        unable = PlainTextResponse(f"Unable to delete item id:{stream_id[:64]}")
        return videostream.old_answer(house, error, unable)
    return PlainTextResponse(f"deleted stream id:{stream_id}")


@sign_in_router.post("/login", dependencies=[ANYBODY])
async def sign_in(
    body: Credentials, request: Request, response: Response, house: TheHouse
) -> SignInToken:
    """As at `/api/v1/login`: the answer sets the session's cookie."""
    wanted = login.Login(user=body.username, password=body.password)
    await login.sign_in(wanted, request, response, house)
    return SignInToken(token=_SIGNED_IN)


def _online(stream: Stream, addresses: Addresses) -> dict[str, Any]:
    """As the replaced system notes what its publishers push; it has no tasks and no servers."""
    started_at = stream.live_since or stream.created_at
    flags = {name: _is_set(stream.item.get(name)) for name in _OUTPUTS}
    return flags | {
        "UUID": stream.id,
        "URL": f"{addresses.push_server}/{stream.id}",
        "Streamkey": stream.id,
        "Name": stream.item.get("videoname") or stream.title or stream.id,
        "ServerAddress": "",
        "taskARN": [],
        "startTime": started_at.strftime("%Y-%m-%d %H:%M"),
    }


def _is_set(value: object) -> bool:
    return value is True or value == "true"
