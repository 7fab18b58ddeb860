"""`/ipc-video-metadata`: IP cameras note what they have pushed, and players get links to it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.events import GetStream, NoteCameraClip
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.kvs.errors import KVSError
from services.gateway.api.kvs.sessions import MAX_FRAGMENTS, on_demand, playback_url
from services.gateway.api.streams import check_known_id
from services.gateway.errors import BodyUnreadable
from services.gateway.views.clip import ClipEmpty

router = APIRouter(prefix="/ipc-video-metadata", tags=["ip cameras"])
EXPIRES_S = 7200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MS = 253_402_300_799_999
Name = Annotated[str, Field(min_length=1, max_length=256, pattern="^[^\x00-\x1f]*$")]
UnixMs = Annotated[int, Field(ge=0, le=_MAX_MS)]
"""Cameras send strings of digits."""


class _Sent(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    stream: Name = Field(alias="streamName")
    end_ms: UnixMs = Field(alias="endTime")
    duration_s: float = Field(alias="duration", gt=0, le=24 * 3600)


class Note(_Sent):
    """What a camera has pushed."""

    client: Name = Field(alias="clientID")
    device: Name = Field(alias="deviceID")
    begin_ms: UnixMs = Field(alias="begTime")


class Wanted(_Sent):
    """The `duration` seconds up to `endTime`; `begTime` and `clientID` say nothing."""


Shape = TypeVar("Shape", bound=_Sent)


@router.put(
    "",
    openapi_extra={"requestBody": {"content": {"application/json": {}}}},
    dependencies=[needs(Permission.RECORDINGS_WRITE)],
)
async def note_clip(request: Request, house: TheHouse, tenant: TheTenant) -> None:
    """Note what was pushed: `clientID`, `deviceID`, `streamName`, `begTime` and `endTime` (Unix
    ms), `duration` (s).
    """
    note = _read(Note, await request.body())
    ask = NoteCameraClip(tenant=tenant, **note.model_dump())
    await house.catalog.ask(ask)


@router.get("", dependencies=[needs(Permission.VIEWERS_WRITE)])
async def get_clip_link(request: Request, house: TheHouse, tenant: TheTenant) -> str:
    """A link that plays the `duration` seconds of `streamName` up to `endTime` as HLS, for two
    hours. The fields stand in a JSON body, or in the query.
    """
    body = await request.body()
    wanted = _read(Wanted, body) if body else _read_query(Wanted, request.query_params)
    check_known_id(wanted.stream)
    stream = await house.catalog.ask(GetStream(tenant=tenant, id=wanted.stream))
    until_at = _EPOCH + timedelta(milliseconds=wanted.end_ms)
    from_at = max(_EPOCH, until_at - timedelta(seconds=wanted.duration_s))
    until_at += timedelta(milliseconds=1)
    try:
        view = await on_demand(house, stream, from_at, until_at, MAX_FRAGMENTS)
    except KVSError as error:
        raise ClipEmpty(str(error)) from None
    pull = await house.addresses.pull_of(tenant)
    return playback_url(house, pull, stream.id, f"{view}/index.m3u8", EXPIRES_S)


def _read(shape: type[Shape], body: bytes) -> Shape:
    """Raises `BodyUnreadable`."""
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise _wrong(error) from None


def _read_query(shape: type[Shape], query: Mapping[str, str]) -> Shape:
    """Raises `BodyUnreadable`."""
    try:
        return shape.model_validate(dict(query))
    except ValidationError as error:
        raise _wrong(error) from None


def _wrong(error: ValidationError) -> BodyUnreadable:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"])) or "The body"
    return BodyUnreadable(f"{where}: {first['msg']}.")
