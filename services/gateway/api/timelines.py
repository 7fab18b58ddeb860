"""`/api/v1/streams/{id}/timeline`: what there is between two times, and why not more."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from libs.events import ShowTimeline, Timeline
from libs.events.timelines import MAX_SESSIONS
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_known_id
from services.gateway.errors import SpanWrong

_SESSION = r"^[0-9a-f]{8}-[0-9a-f]{8}$"

router = APIRouter(prefix="/streams/{stream_id}/timeline", tags=["views"])


@router.get("", dependencies=[needs(Permission.RECORDINGS_READ)])
async def show_timeline(
    stream_id: str,
    house: TheHouse,
    tenant: TheTenant,
    from_at: AwareDatetime,
    until_at: AwareDatetime,
    after: Annotated[str | None, Query(pattern=_SESSION)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_SESSIONS)] = MAX_SESSIONS,
) -> Timeline:
    """A page of the sessions that were on air between two times, however far apart, in order; and
    the gaps within each, with their causes. Between two sessions nothing was on air.
    """
    check_known_id(stream_id)
    if from_at >= until_at:
        raise SpanWrong("A timeline ends after it begins.")
    return await house.catalog.ask(
        ShowTimeline(
            tenant=tenant,
            stream=stream_id,
            from_at=from_at,
            until_at=until_at,
            after=after,
            limit=limit,
        )
    )
