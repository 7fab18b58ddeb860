"""`/api/v1/streams/{id}/relay-targets`: where a stream is pushed to, and how that goes.

An address is written and never read: answers show `scheme://host/app/…`.
"""

from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.events import (
    CreateRelayTarget,
    DeleteRelayTarget,
    ListRelayTargets,
    RelayNumbers,
    RelayState,
    RelayTarget,
    UpdateRelayTarget,
)
from libs.names import RENDITION, SOURCE
from libs.permissions import Permission
from libs.push_url import MAX_CHARS
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.bodies import body_of
from services.gateway.api.house import House, TheHouse
from services.gateway.api.item import read_item
from services.gateway.api.streams import check_known_id
from services.gateway.errors import ItemInvalid, RelayTargetUnknown

router = APIRouter(prefix="/streams/{stream_id}/relay-targets", tags=["relay targets"])

Name = Annotated[str, Field(min_length=1, max_length=120)]
URL = Annotated[str, Field(min_length=1, max_length=MAX_CHARS)]
Rendition = Annotated[str, Field(pattern=f"^{RENDITION.pattern}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class NewRelayTarget(_Body):
    name: Name
    url: URL
    """`rtmp://`, `rtmps://` or `srt://`, with the stream key. It is never shown again."""
    rendition: Rendition = SOURCE
    is_enabled: bool = True


class RelayTargetChange(_Body):
    """What is left out stays as it is."""

    name: Name | None = None
    url: URL | None = None
    rendition: Rendition | None = None
    is_enabled: bool | None = None


class RelayTargetView(BaseModel):
    """A relay target as the API shows it."""

    id: str
    name: str
    url: str
    """Without the stream key: `rtmp://host/app/…`."""
    rendition: str
    is_enabled: bool
    state: RelayState
    """`idle`: nothing is on air; `stopped`: it is disabled; a failed one is tried again."""
    cause: str | None
    """Why it is in that state: `refused`, `unreachable`, `stalled`, `loop`, …"""
    detail: str | None
    """The same as a sentence."""
    since: datetime | None
    numbers: RelayNumbers
    created_at: datetime


class RelayTargetViews(BaseModel):
    targets: list[RelayTargetView]


Body = TypeVar("Body", bound=_Body)


@router.get("", dependencies=[needs(Permission.RELAYS_READ)])
async def list_relay_targets(
    stream_id: str, house: TheHouse, tenant: TheTenant
) -> RelayTargetViews:
    """All of the stream, oldest first."""
    return RelayTargetViews(
        targets=[_view(item) for item in await _targets(house, tenant, stream_id)]
    )


@router.post(
    "",
    status_code=201,
    openapi_extra=body_of(NewRelayTarget),
    dependencies=[needs(Permission.RELAYS_WRITE)],
)
async def create_relay_target(
    stream_id: str, request: Request, response: Response, house: TheHouse, tenant: TheTenant
) -> RelayTargetView:
    """Push the stream to another server; if it is live, at once."""
    check_known_id(stream_id)
    body = await _read(request, NewRelayTarget)
    ask = CreateRelayTarget(
        tenant=tenant,
        stream=stream_id,
        target_name=body.name,
        url=body.url,
        rendition=body.rendition,
        is_enabled=body.is_enabled,
    )
    target = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/streams/{stream_id}/relay-targets/{target.id}"
    return _view(target)


@router.get("/{target_id}", dependencies=[needs(Permission.RELAYS_READ)])
async def get_relay_target(
    stream_id: str, target_id: str, house: TheHouse, tenant: TheTenant
) -> RelayTargetView:
    """One relay target, without the secrets in its URL."""
    for target in await _targets(house, tenant, stream_id):
        if target.id == target_id:
            return _view(target)
    raise RelayTargetUnknown("The stream has no such relay target.")


@router.patch(
    "/{target_id}",
    openapi_extra=body_of(RelayTargetChange),
    dependencies=[needs(Permission.RELAYS_WRITE)],
)
async def update_relay_target(
    stream_id: str, target_id: str, request: Request, house: TheHouse, tenant: TheTenant
) -> RelayTargetView:
    """Change, enable or disable it; what is live follows within two seconds."""
    check_known_id(stream_id)
    body = await _read(request, RelayTargetChange)
    ask = UpdateRelayTarget(
        tenant=tenant,
        stream=stream_id,
        id=target_id,
        target_name=body.name,
        url=body.url,
        rendition=body.rendition,
        is_enabled=body.is_enabled,
    )
    return _view(await house.catalog.ask(ask))


@router.delete("/{target_id}", status_code=204, dependencies=[needs(Permission.RELAYS_WRITE)])
async def delete_relay_target(
    stream_id: str, target_id: str, house: TheHouse, tenant: TheTenant
) -> None:
    """Stop relaying there, and forget it."""
    check_known_id(stream_id)
    await house.catalog.ask(DeleteRelayTarget(tenant=tenant, stream=stream_id, id=target_id))


async def _targets(house: House, tenant: str, stream_id: str) -> tuple[RelayTarget, ...]:
    check_known_id(stream_id)
    ask = ListRelayTargets(tenant=tenant, stream=stream_id)
    return (await house.catalog.ask(ask)).targets


async def _read(request: Request, kind: type[Body]) -> Body:
    """The body. Raises `ItemInvalid`, which names the field and never its value."""
    try:
        return kind.model_validate(await read_item(request))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "The body"
        raise ItemInvalid(f"{where}: {first['msg']}.") from None


def _view(target: RelayTarget) -> RelayTargetView:
    return RelayTargetView.model_validate(target.model_dump())
