"""`/api/v1/streams/<id>/viewers`: who watches now, on all gateways; and sending one away."""

from datetime import UTC, datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from libs.errors import NotFound, WeirError
from libs.events import (
    GetStream,
    ListViewers,
    NoteKick,
    Viewer,
    ViewerKicked,
    ViewerKind,
)
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.streams import Viewers, check_known_id, check_own, viewers_of
from services.gateway.api.viewer_tokens import revoke
from services.gateway.viewers.visit import VIEWER_CHARS

PAGE_VIEWERS = 1000
ANSWER_S = 1.0
"""How long gateways are waited for."""

router = APIRouter(prefix="/streams/{stream_id}/viewers", tags=["viewers"])
log = structlog.get_logger()


class ViewerUnknown(NotFound):
    code = "viewer_unknown"


class ViewerView(BaseModel):
    id: str
    kind: ViewerKind
    since: datetime
    address: str
    viewer: str
    """Who it is, as its token says; empty without a token."""
    token_id: str


class ViewerViews(BaseModel):
    counts: Viewers
    viewers: list[ViewerView]
    """Oldest first."""
    is_complete: bool
    """Whether every gateway has answered, and nobody was left out."""


@router.get("", dependencies=[needs(Permission.VIEWERS_READ)])
async def list_viewers(
    stream_id: str,
    house: TheHouse,
    tenant: TheTenant,
    limit: Annotated[int, Query(ge=1, le=PAGE_VIEWERS)] = PAGE_VIEWERS,
) -> ViewerViews:
    """At most `limit` of those who have watched longest."""
    check_known_id(stream_id)
    await house.catalog.ask(GetStream(tenant=tenant, id=stream_id))
    viewers, is_complete = await _ask(stream_id, house, limit)
    counts = viewers_of(stream_id, house)
    views = [
        ViewerView(
            id=each.id,
            kind=each.kind,
            since=each.since,
            address=each.address,
            viewer=each.viewer,
            token_id=each.token_id,
        )
        for each in viewers[:limit]
    ]
    return ViewerViews(
        counts=counts, viewers=views, is_complete=is_complete and len(viewers) <= limit
    )


@router.delete("/{viewer}", status_code=204, dependencies=[needs(Permission.VIEWERS_WRITE)])
async def kick_viewer(
    stream_id: str,
    viewer: Annotated[str, Path(min_length=VIEWER_CHARS, max_length=VIEWER_CHARS)],
    house: TheHouse,
    tenant: TheTenant,
    *,
    revoke_token: bool = False,
) -> None:
    """End what this player watches, on all gateways.

    It can come back with the link it has; `revoke_token` makes the link void, too.
    """
    check_known_id(stream_id)
    await check_own(house, tenant, stream_id)
    viewers, _ = await _ask(stream_id, house, PAGE_VIEWERS)
    found = next((each for each in viewers if each.id == viewer), None)
    if found is None:
        raise ViewerUnknown("Nobody of this id watches the stream now.")
    if revoke_token and found.token_id:
        await revoke(house, tenant, stream_id, "token", found.token_id)
    house.viewing.kick(stream_id, viewer)
    await house.catalog.broadcast(ViewerKicked(stream=stream_id, viewer=viewer))
    now = datetime.now(UTC)
    note = NoteKick(tenant=tenant, stream=stream_id, viewer=viewer, kicked_at=now)
    try:
        await house.catalog.ask(note)
    except WeirError as error:  # the viewer is gone all the same
        log.warning("viewer.kick_untold", stream=stream_id, viewer=viewer, code=error.code)
    log.info("viewer.kicked", stream=stream_id, viewer=viewer, revoke_token=revoke_token)


async def _ask(stream_id: str, house: House, limit: int) -> tuple[list[Viewer], bool]:
    """Each player once, oldest first, and whether all gateways have answered."""
    wanted = house.viewing.census.gateways
    pages = await house.catalog.ask_all(
        ListViewers(stream=stream_id, limit=limit), wanted=wanted, timeout_s=ANSWER_S
    )
    found: dict[str, Viewer] = {}
    told = [each for page in pages for each in page.viewers]
    for each in sorted([*told, *house.viewing.players.of(stream_id)], key=lambda v: v.since):
        found.setdefault(each.id, each)
    is_complete = len(pages) >= wanted and all(len(page.viewers) < limit for page in pages)
    return list(found.values()), is_complete
