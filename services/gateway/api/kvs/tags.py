"""TagStream, UntagStream, ListTagsForStream."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from libs.events import Stream, UpdateStream
from libs.names import DEFAULT_TENANT
from libs.permissions import Permission
from services.gateway.api.auth import signed
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kvs.errors import KVSError, KVSRoute
from services.gateway.api.kvs.names import find_stream
from services.gateway.api.kvs.request import OfStream, body_of, read
from services.gateway.api.kvs.streams import Tags

router = APIRouter(route_class=KVSRoute)
MAX_TAGS = 50


class Tagged(OfStream):
    tags: Tags


class Untagged(OfStream):
    tag_key_list: list[Annotated[str, Field(max_length=128)]] = Field(min_length=1, max_length=50)


@router.post(
    "/tagStream", openapi_extra=body_of(Tagged), dependencies=[signed(Permission.STREAMS_WRITE)]
)
async def tag_stream(request: Request, house: TheHouse) -> dict[str, Any]:
    """Add tags to a stream, or change them."""
    wanted = await read(request, Tagged)
    stream = await find_stream(house, wanted)
    return await _set(house, stream, _tags(stream) | wanted.tags)


@router.post(
    "/untagStream", openapi_extra=body_of(Untagged), dependencies=[signed(Permission.STREAMS_WRITE)]
)
async def untag_stream(request: Request, house: TheHouse) -> dict[str, Any]:
    """Take tags off a stream."""
    wanted = await read(request, Untagged)
    stream = await find_stream(house, wanted)
    gone = set(wanted.tag_key_list)
    kept = {name: value for name, value in _tags(stream).items() if name not in gone}
    return await _set(house, stream, kept)


@router.post(
    "/listTagsForStream",
    openapi_extra=body_of(OfStream),
    dependencies=[signed(Permission.STREAMS_READ)],
)
async def list_tags(request: Request, house: TheHouse) -> dict[str, Any]:
    """All tags of a stream."""
    wanted = await read(request, OfStream)
    return {"Tags": _tags(await find_stream(house, wanted))}


def _tags(stream: Stream) -> dict[str, str]:
    tags = stream.item.get("Tags")
    return {str(name): str(value) for name, value in tags.items()} if isinstance(tags, dict) else {}


async def _set(house: House, stream: Stream, tags: dict[str, str]) -> dict[str, Any]:
    if len(tags) > MAX_TAGS:
        raise KVSError("TagsPerResourceExceededLimit", f"A stream has at most {MAX_TAGS} tags.")
    ask = UpdateStream(tenant=DEFAULT_TENANT, id=stream.id, item={"Tags": tags})
    await house.catalog.ask(ask)
    return {}
