"""The metadata API of the system that Weir replaces: `/videostream`, also under `/Prod`.

Bodies are what its clients see: the whole item with `id`, `TimeStamp` and `key`, every field with
the JSON type it was sent with; a bare array of all; the string "stream deleted".
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from libs.errors import NotFound, WeirError
from libs.events import (
    CreateStream,
    DeleteStream,
    GetStream,
    Stream,
    UpdateStream,
)
from libs.permissions import Permission
from services.gateway.access.caller import Caller
from services.gateway.api.auth import TheCaller, TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.item import Item, read_item
from services.gateway.api.streams import check_known_id, every_stream, shown_key, without_secrets
from services.gateway.errors import ItemInvalid

TIME_STAMP_S = 3 * 24 * 3600
"""`TimeStamp` is the creation plus three days, in Unix seconds."""
_OURS = frozenset({"id", "TimeStamp", "key"})
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}

FAILED = {
    "message": "The conditional request failed",
    "code": "ConditionalCheckFailedException",
    "statusCode": 400,
}

router = APIRouter(prefix="/videostream", tags=["videostream"])


def item_of(stream: Stream, caller: Caller) -> Item:
    """The stream as its clients know it, less the keys that they may not have."""
    ours = {
        "id": stream.id,
        "TimeStamp": int(stream.created_at.timestamp()) + TIME_STAMP_S,
        "key": shown_key(stream, caller),
    }
    may_push = caller.may(Permission.KEYS_READ)
    return (stream.item if may_push else without_secrets(stream.item)) | ours


@router.post("", openapi_extra=BODY, dependencies=[needs(Permission.STREAMS_WRITE)])
async def create(request: Request, house: TheHouse, caller: TheCaller) -> dict[str, Any]:
    """Make a stream from any JSON object; answers the whole item."""
    item = _without_ours(await read_item(request))
    made = await house.catalog.ask(CreateStream(tenant=caller.tenant, item=item))
    return item_of(made, caller)


@router.get("", dependencies=[needs(Permission.STREAMS_READ)])
async def list_all(house: TheHouse, caller: TheCaller) -> list[dict[str, Any]]:
    """All items, as a bare array."""
    return [item_of(stream, caller) async for stream in every_stream(house, caller.tenant)]


@router.get("/{stream_id}", response_model=None, dependencies=[needs(Permission.STREAMS_READ)])
async def read(stream_id: str, house: TheHouse, caller: TheCaller) -> Response:
    """One item."""
    try:
        check_known_id(stream_id)
        stream = await house.catalog.ask(GetStream(tenant=caller.tenant, id=stream_id))
    except WeirError as error:
        return old_answer(house, error, Response(status_code=200, media_type="application/json"))
    return JSONResponse(item_of(stream, caller))


@router.put(
    "/{stream_id}",
    openapi_extra=BODY,
    response_model=None,
    dependencies=[needs(Permission.STREAMS_WRITE)],
)
async def update(stream_id: str, request: Request, house: TheHouse, caller: TheCaller) -> Response:
    """Set every field of the body; answers the whole item after it."""
    try:
        item = await change(stream_id, request, house, caller)
    except WeirError as error:
        return old_answer(house, error, JSONResponse(FAILED))
    return JSONResponse(item)


@router.delete("/{stream_id}", response_model=None, dependencies=[needs(Permission.STREAMS_WRITE)])
async def delete(stream_id: str, house: TheHouse, tenant: TheTenant) -> Response:
    """Delete the stream; answers `"stream deleted"`."""
    try:
        check_known_id(stream_id)
        await house.catalog.ask(DeleteStream(tenant=tenant, id=stream_id))
    except WeirError as error:
        bad_gateway = JSONResponse({"message": "Internal server error"}, status_code=502)
        return old_answer(house, error, bad_gateway)
    return JSONResponse("stream deleted")


async def change(stream_id: str, request: Request, house: House, caller: Caller) -> Item:
    """Set every field of the body; the whole item after it. Raises what the catalog answers."""
    item = await read_item(request)
    if item.get("id", stream_id) != stream_id:
        raise ItemInvalid("A stream's id cannot be changed; leave `id` out of the body.")
    check_known_id(stream_id)
    ask = UpdateStream(tenant=caller.tenant, id=stream_id, item=_without_ours(item))
    return item_of(await house.catalog.ask(ask), caller)


def _without_ours(item: Item) -> Item:
    """Fields that Weir makes are not the caller's to set; a read item may be sent back whole."""
    return {name: value for name, value in item.items() if name not in _OURS}


def old_answer(house: House, error: WeirError, answer: Response) -> Response:
    """In strict mode, what the replaced system says of unknown ids; else the 404."""
    if error.status == NotFound.status and house.settings.svs_compat == "strict":
        return answer
    raise error
