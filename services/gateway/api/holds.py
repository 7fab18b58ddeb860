"""`/api/v1/streams/{id}/holds`: times of a stream that retention leaves alone."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from libs.events import CreateHold, DeleteHold, Hold, HoldCause, Holds, ListHolds
from libs.events.retention import MAX_HOLDS
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_known_id

router = APIRouter(prefix="/streams/{stream_id}/holds", tags=["retention"])
HoldId = Annotated[str, Field(max_length=64)]


class NewHold(BaseModel):
    """What was on air from `from_at` until `until_at` is kept until the hold is deleted."""

    model_config = ConfigDict(extra="forbid")

    from_at: AwareDatetime
    until_at: AwareDatetime
    cause: HoldCause = "bookmark"
    note: Annotated[str, Field(max_length=500)] = ""


@router.get("", dependencies=[needs(Permission.RECORDINGS_READ)])
async def list_holds(
    stream_id: str,
    house: TheHouse,
    tenant: TheTenant,
    from_at: AwareDatetime | None = None,
    until_at: AwareDatetime | None = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_HOLDS)] = MAX_HOLDS,
) -> Holds:
    """A page of the stream's, or of those that keep something of [from_at, until_at), the earliest
    first. What has the cause `motion` is a time in which something moved.
    """
    check_known_id(stream_id)
    return await house.catalog.ask(
        ListHolds(
            tenant=tenant,
            stream=stream_id,
            from_at=from_at,
            until_at=until_at,
            after=after,
            limit=limit,
        )
    )


@router.post("", status_code=201, dependencies=[needs(Permission.RECORDINGS_WRITE)])
async def create_hold(
    stream_id: str, body: NewHold, response: Response, house: TheHouse, tenant: TheTenant
) -> Hold:
    """Keep a time of the stream, which may lie ahead."""
    check_known_id(stream_id)
    hold = await house.catalog.ask(
        CreateHold(
            tenant=tenant,
            stream=stream_id,
            from_at=body.from_at,
            until_at=body.until_at,
            cause=body.cause,
            note=body.note,
        )
    )
    response.headers["location"] = f"/api/v1/streams/{stream_id}/holds/{hold.id}"
    return hold


@router.delete("/{hold_id}", status_code=204, dependencies=[needs(Permission.RECORDINGS_DELETE)])
async def delete_hold(stream_id: str, hold_id: HoldId, house: TheHouse, tenant: TheTenant) -> None:
    """Leave that time to retention again."""
    check_known_id(stream_id)
    await house.catalog.ask(DeleteHold(tenant=tenant, stream=stream_id, id=hold_id))
