"""`/api/v1/sessions`: what was on air, and the segment log of each session."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime

from libs.events import (
    PAGE_ROWS,
    DiscardSession,
    GetSession,
    ListRenditionStates,
    ListSegments,
    ListSessions,
    RenditionLog,
    RenditionStates,
    SegmentPage,
    Session,
    SessionLog,
    SessionPage,
    ShowSessionLog,
)
from libs.names import RENDITION, SOURCE
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.named_clips import NewLinks, SharedClip, share

PAGE_SESSIONS = 200
AT_ONCE_S = 2.0
"""For so long a request deletes; the catalog goes on by itself."""
_SESSION = r"^[0-9a-f]{8}-[0-9a-f]{8}$"
_STREAM = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_RENDITION = f"^{RENDITION.pattern}$"

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.get("", dependencies=[needs(Permission.RECORDINGS_READ, limit="query")])
async def list_sessions(
    house: TheHouse,
    tenant: TheTenant,
    stream: Annotated[str | None, Query(pattern=_STREAM)] = None,
    is_open: bool | None = None,
    from_at: AwareDatetime | None = None,
    until_at: AwareDatetime | None = None,
    after: Annotated[str | None, Query(pattern=_SESSION)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SESSIONS)] = PAGE_SESSIONS,
) -> SessionPage:
    """A page of sessions, newest first; those that were on air within [from_at, until_at)."""
    return await house.catalog.ask(
        ListSessions(
            tenant=tenant,
            stream=stream,
            is_open=is_open,
            from_at=from_at,
            until_at=until_at,
            after=after,
            limit=limit,
        )
    )


class SessionView(Session):
    """A session, and how complete each of its renditions is in the segment log."""

    renditions: tuple[RenditionLog, ...] = ()


@router.get("/{session}", dependencies=[needs(Permission.RECORDINGS_READ)])
async def get_session(
    house: TheHouse, tenant: TheTenant, session: Annotated[str, Path(pattern=_SESSION)]
) -> SessionView:
    """One session. A `gap` has a recorded cause; a `hole` has none: while the session goes on, or
    has only just ended, its segments may be on their way.
    """
    known = await house.catalog.ask(GetSession(tenant=tenant, id=session))
    log: SessionLog = await house.catalog.ask(ShowSessionLog(tenant=tenant, session=session))
    return SessionView(**known.model_dump(), renditions=log.renditions)


@router.delete(
    "/{session}",
    responses={202: {"model": Session}},
    dependencies=[needs(Permission.RECORDINGS_DELETE)],
)
async def delete_session(
    response: Response,
    house: TheHouse,
    tenant: TheTenant,
    session: Annotated[str, Path(pattern=_SESSION)],
) -> Session:
    """Take what a session that is over has recorded, and the files of it, out of the store. What a
    hold or a clip keeps stays: the answer says what is left. 409 while it is on air.

    A long one is not gone at once: 202, and `is_deleting` as long as it goes on.
    """
    ask = DiscardSession(tenant=tenant, session=session)
    until_s = time.monotonic() + AT_ONCE_S
    while not (is_all := (await house.catalog.ask(ask)).is_all) and time.monotonic() < until_s:
        pass
    if not is_all:
        response.status_code = 202
    return await house.catalog.ask(GetSession(tenant=tenant, id=session))


@router.post("/{session}/links", status_code=201, dependencies=[needs(Permission.VIEWERS_WRITE)])
async def share_session(
    house: TheHouse,
    tenant: TheTenant,
    session: Annotated[str, Path(pattern=_SESSION)],
    body: NewLinks,
) -> SharedClip:
    """Links that work for whoever has them until they expire, also if the stream needs a token.
    They show the session, and nothing else of the stream.
    """
    known = await house.catalog.ask(GetSession(tenant=tenant, id=session))
    return await share(house, tenant, known.stream, session, body.expires_in_s)


@router.get("/{session}/renditions", dependencies=[needs(Permission.RECORDINGS_READ)])
async def list_renditions(
    house: TheHouse, tenant: TheTenant, session: Annotated[str, Path(pattern=_SESSION)]
) -> RenditionStates:
    """Every rendition that the session has, had or is to have, and why one is not made now."""
    return await house.catalog.ask(ListRenditionStates(tenant=tenant, session=session))


@router.get("/{session}/segments", dependencies=[needs(Permission.RECORDINGS_READ)])
async def list_segments(
    house: TheHouse,
    tenant: TheTenant,
    session: Annotated[str, Path(pattern=_SESSION)],
    rendition: Annotated[str, Query(pattern=_RENDITION)] = SOURCE,
    after: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS)] = PAGE_ROWS,
) -> SegmentPage:
    """A page of a rendition's segments in order, with the gaps and their causes."""
    return await house.catalog.ask(
        ListSegments(tenant=tenant, session=session, rendition=rendition, after=after, limit=limit)
    )
