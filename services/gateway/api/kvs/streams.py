"""CreateStream, DescribeStream, ListStreams, DeleteStream, UpdateDataRetention, GetDataEndpoint."""

import base64
import binascii
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from libs.events import CreateStream, DeleteStream, ListStreams, Stream, UpdateStream
from libs.names import DEFAULT_TENANT, check_stream_id
from libs.permissions import Permission
from services.gateway.api.auth import signed
from services.gateway.api.house import TheHouse
from services.gateway.api.kvs.errors import KVSError, KVSRoute, invalid
from services.gateway.api.kvs.names import (
    MAX_RETENTION_H,
    RETENTION,
    arn_of,
    find_stream,
    retention_h,
)
from services.gateway.api.kvs.request import Input, OfStream, StreamName, body_of, read
from services.gateway.api.streams import PAGE_STREAMS

router = APIRouter(route_class=KVSRoute)
MAX_STREAMS = 10_000
Tags = Annotated[
    dict[Annotated[str, Field(max_length=128)], Annotated[str, Field(max_length=256)]],
    Field(min_length=1, max_length=50),
]


class NewStream(Input):
    stream_name: StreamName
    device_name: str | None = Field(default=None, max_length=128)
    media_type: str | None = Field(default=None, max_length=128)
    data_retention_in_hours: int = Field(default=0, ge=0, le=MAX_RETENTION_H)
    tags: Tags | None = None


class NameCondition(Input):
    comparison_operator: Literal["BEGINS_WITH"] = "BEGINS_WITH"
    comparison_value: StreamName = ""


class Listed(Input):
    max_results: int = Field(default=MAX_STREAMS, ge=1, le=MAX_STREAMS)
    next_token: str = Field(default="", max_length=1024)
    stream_name_condition: NameCondition = NameCondition()


class Deleted(OfStream):
    current_version: str | None = None


class RetentionChange(OfStream):
    current_version: str
    operation: Literal["INCREASE_DATA_RETENTION", "DECREASE_DATA_RETENTION"]
    data_retention_change_in_hours: int = Field(ge=1)


class Endpoint(OfStream):
    api_name: Literal[
        "PUT_MEDIA", "GET_MEDIA", "LIST_FRAGMENTS", "GET_MEDIA_FOR_FRAGMENT_LIST",
        "GET_HLS_STREAMING_SESSION_URL", "GET_DASH_STREAMING_SESSION_URL", "GET_CLIP", "GET_IMAGES",
    ] = Field(alias="APIName")  # fmt: skip


@router.post(
    "/createStream",
    openapi_extra=body_of(NewStream),
    dependencies=[signed(Permission.STREAMS_WRITE)],
)
async def create_stream(request: Request, house: TheHouse) -> dict[str, Any]:
    """Make a stream. It is pushed to as any other: `GET /api/v1/streams/<name>` says where."""
    wanted = await read(request, NewStream)
    check_stream_id(wanted.stream_name)
    item = {
        RETENTION: wanted.data_retention_in_hours,
        "DeviceName": wanted.device_name,
        "MediaType": wanted.media_type,
        "Tags": wanted.tags,
    }
    kept = {name: value for name, value in item.items() if value is not None}
    ask = CreateStream(tenant=DEFAULT_TENANT, id=wanted.stream_name, item=kept)
    return {"StreamARN": arn_of(await house.catalog.ask(ask))}


@router.post(
    "/describeStream",
    openapi_extra=body_of(OfStream),
    dependencies=[signed(Permission.STREAMS_READ)],
)
async def describe_stream(request: Request, house: TheHouse) -> dict[str, Any]:
    """One stream."""
    wanted = await read(request, OfStream)
    return {"StreamInfo": _info(await find_stream(house, wanted))}


@router.post(
    "/listStreams", openapi_extra=body_of(Listed), dependencies=[signed(Permission.STREAMS_READ)]
)
async def list_streams(request: Request, house: TheHouse) -> dict[str, Any]:
    """A page of streams, oldest first."""
    wanted = await read(request, Listed)
    found: list[dict[str, Any]] = []
    after = _read_token(wanted.next_token)
    while True:
        limit = min(PAGE_STREAMS, wanted.max_results - len(found))
        page = await house.catalog.ask(ListStreams(tenant=DEFAULT_TENANT, after=after, limit=limit))
        begins = wanted.stream_name_condition.comparison_value
        found += [_info(stream) for stream in page.streams if stream.id.startswith(begins)]
        after = page.next_after
        if after is None:
            return {"StreamInfoList": found}
        if len(found) == wanted.max_results:
            return {"StreamInfoList": found, "NextToken": write_token(after)}


@router.post(
    "/deleteStream", openapi_extra=body_of(Deleted), dependencies=[signed(Permission.STREAMS_WRITE)]
)
async def delete_stream(request: Request, house: TheHouse) -> dict[str, Any]:
    """Delete a stream; a publisher is disconnected."""
    wanted = await read(request, Deleted)
    stream = await find_stream(house, wanted)
    if wanted.current_version is not None:
        _check_version(stream, wanted.current_version)
    await house.catalog.ask(DeleteStream(tenant=DEFAULT_TENANT, id=stream.id))
    return {}


@router.post(
    "/updateDataRetention",
    openapi_extra=body_of(RetentionChange),
    dependencies=[signed(Permission.STREAMS_WRITE)],
)
async def update_data_retention(request: Request, house: TheHouse) -> dict[str, Any]:
    """Keep what is recorded longer, or less long."""
    wanted = await read(request, RetentionChange)
    stream = await find_stream(house, wanted)
    _check_version(stream, wanted.current_version)
    sign = 1 if wanted.operation == "INCREASE_DATA_RETENTION" else -1
    hours = retention_h(stream) + sign * wanted.data_retention_change_in_hours
    if not 0 <= hours <= MAX_RETENTION_H:
        raise invalid(f"A retention is 0 to {MAX_RETENTION_H} hours; this would make {hours}.")
    ask = UpdateStream(tenant=DEFAULT_TENANT, id=stream.id, item={RETENTION: hours})
    await house.catalog.ask(ask)
    return {}


@router.post(
    "/getDataEndpoint",
    openapi_extra=body_of(Endpoint),
    dependencies=[signed(Permission.STREAMS_READ)],
)
async def get_data_endpoint(request: Request, house: TheHouse) -> dict[str, Any]:
    """Where the operations on media are: here."""
    wanted = await read(request, Endpoint)
    await find_stream(house, wanted)
    if wanted.api_name == "GET_MEDIA":
        raise invalid("GET_MEDIA is not served: play HLS or DASH.")
    return {"DataEndpoint": house.settings.public_url.rstrip("/")}


def write_token(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def read_token(token: str) -> str:
    """Raises `InvalidArgument`."""
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise invalid("NextToken must be that of an earlier answer.") from None


def _read_token(token: str) -> str | None:
    return read_token(token) if token else None


def _info(stream: Stream) -> dict[str, Any]:
    info = {
        "StreamName": stream.id,
        "StreamARN": arn_of(stream),
        "Version": str(stream.revision),
        "Status": "ACTIVE",
        "CreationTime": stream.created_at.timestamp(),
        RETENTION: retention_h(stream),
    }
    for name in ("DeviceName", "MediaType"):
        if isinstance(stream.item.get(name), str):
            info[name] = stream.item[name]
    return info


def _check_version(stream: Stream, version: str) -> None:
    if version != str(stream.revision):
        raise KVSError("VersionMismatch", f"The stream's version is {stream.revision} now.")
