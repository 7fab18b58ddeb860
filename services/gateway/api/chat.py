"""A stream's chat, for whoever may watch it: `/watch/<id>/chat`, a WebSocket (see `chat.words`),
and `/watch/<id>/chat/<minute>.json`, what was said in a Unix minute, for who watches later.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from libs.names import SESSION_ID
from libs.permissions import Permission
from services.gateway.access.caller import Caller
from services.gateway.api.auth import WATCHING, check_origin, known_caller
from services.gateway.api.clips import READ, StreamId
from services.gateway.api.house import House, TheHouse
from services.gateway.api.watching import admit_viewer, refuse, visit_of
from services.gateway.chat.participant import Standing, Visitor
from services.gateway.chat.replay import Said, minute_of
from services.gateway.errors import SpanWrong
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.upgrading import HandedOver, upgrading_of
from services.gateway.viewers.grant import Refusal
from services.gateway.views.span import SPAN, read_span

MAX_MINUTE = 200_000_000
"""In the year 2350."""

router = APIRouter(tags=["chat"], dependencies=[WATCHING])
View = Annotated[str | None, Query(pattern=f"^(?:{SESSION_ID.pattern}|{SPAN.pattern.decode()})$")]


@router.api_route("/~{personal}/watch/{stream}/chat", methods=["GET"], include_in_schema=False)
@router.get("/watch/{stream}/chat", status_code=101, response_class=Response)
async def open_chat(stream: StreamId, request: Request, house: TheHouse) -> Response:
    """Read the chat of a stream, and speak in it, over a WebSocket."""
    if "origin" in request.headers:  # a program has none; a browser always says it
        check_origin(request, house)
    visitor = await _visitor(stream, request, house)
    if isinstance(visitor, Response):
        return visitor
    upgrading = upgrading_of(request)
    await house.chats.open(stream)  # or there is no such stream
    house.chats.admit(visitor.address)
    # It is no participant before the connection is its own, which may be gone by now.
    return HandedOver(upgrading, lambda transport: house.chats.enter(visitor).connect(transport))


@router.api_route(
    "/~{personal}/watch/{stream}/chat/{minute}.json", methods=READ, include_in_schema=False
)
@router.get("/watch/{stream}/chat/{minute}.json", response_class=Response)
@router.head("/watch/{stream}/chat/{minute}.json", include_in_schema=False)
async def get_minute(
    stream: StreamId,
    minute: Annotated[int, Path(ge=0, le=MAX_MINUTE)],
    request: Request,
    house: TheHouse,
    view: View = None,
) -> Response:
    """What was said in the minute that begins 60 × `minute` seconds after 1970, oldest first.
    `view`: the session or window that is watched, of which alone it is then.
    """
    refusal = await refuse(stream, request, house, view=view or "", name="index.m3u8")
    if refusal is not None:
        return refusal
    body = await house.replay.read(_within(minute_of(stream, minute), view))
    headers = {"cache-control": "private, max-age=10"}
    return Response(body, media_type="application/json", headers=headers)


def _within(minute: Said, view: str | None) -> Said:
    """The part of a minute that belongs to what is watched. Raises `SpanWrong`."""
    if view is None:
        return minute
    if SESSION_ID.fullmatch(view):
        return minute._replace(session=view)
    window = read_span(view, now=datetime.now(UTC))
    if window.trouble is not None:
        raise SpanWrong(window.trouble)
    from_at = max(minute.from_at, window.from_at)
    until_at = max(from_at, min(minute.until_at, window.until_at))
    return minute._replace(from_at=from_at, until_at=until_at)


async def _visitor(stream: str, request: Request, house: House) -> Visitor | Response:
    """Who comes, or why it may not."""
    address = request.client.host if request.client else ""
    caller = await known_caller(request, house)
    tenant = await house.viewing.policies.find_tenant(stream) if caller is not None else ""
    standing = _standing_of(caller, stream, tenant)
    if caller is not None and standing is not Standing.NONE:
        user = caller.id or caller.name if standing is Standing.MODERATOR else ""

        async def judge_caller() -> Standing:
            return _standing_of(await known_caller(request, house), stream, tenant)

        return Visitor(stream, address, viewer="", user=user, judge=judge_caller)
    route = MediaRoute(Kind.MULTIVARIANT, stream, name="live.m3u8")
    granted = await admit_viewer(stream, request, house, route)
    if isinstance(granted, Response):
        return granted
    gate, visit = house.viewing.gate, visit_of(request)

    async def judge_viewer() -> Standing:
        found = gate.find(stream, visit, route)
        return Standing.NONE if isinstance(found, Refusal) else Standing.VIEWER

    return Visitor(stream, address, viewer=granted.claims.viewer, user="", judge=judge_viewer)


def _standing_of(caller: Caller | None, stream: str, tenant: str) -> Standing:
    """Whoever may read all that is recorded may read what is said; of the stream of another
    `tenant` it is a viewer like any.
    """
    if caller is None or caller.tenant != tenant or not caller.covers(stream):
        return Standing.NONE
    if caller.may(Permission.CHAT_WRITE):
        return Standing.MODERATOR
    return Standing.VIEWER if caller.may(Permission.RECORDINGS_READ) else Standing.NONE
