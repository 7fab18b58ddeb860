"""What a watch page says, for whoever may watch: `/watch/<id>.json`, once, and
`/watch/<id>/events`, as it changes (server-sent events, HTML section 9.2).

`id` is a stream's or an asset's; with `?session=` it is a session of the stream that is over.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from libs.descriptors import places
from libs.errors import Unavailable
from libs.names import SESSION_ID
from services.gateway.api.auth import WATCHING
from services.gateway.api.clips import READ, StreamId
from services.gateway.api.house import House, TheHouse
from services.gateway.api.watching import PLAYABLE, refuse_viewer
from services.gateway.errors import PosterUnknown
from services.gateway.event_stream import HEARTBEAT, event_stream
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.watch.facts import Facts
from services.gateway.watch.noticeboard import Notice

MAX_READERS = 20_000
"""Of one gateway; one more asks for the facts again and again instead."""
ALIVE_S = 15.0
"""A comment after so long, that proxies do not take the connection for dead."""
RETRY_MS = 2000
PICTURE = dict(PLAYABLE) | {"cache-control": "private, max-age=30"}

router = APIRouter(tags=["watch"], dependencies=[WATCHING])
SessionId = Annotated[str | None, Query(alias="session", pattern=f"^{SESSION_ID.pattern}$")]
_JSON = "/watch/{stream}.json"
_EVENTS = "/watch/{stream}/events"


class ReadersTooMany(Unavailable):
    code = "readers_too_many"


@router.api_route("/~{personal}" + _JSON, methods=READ, include_in_schema=False)
@router.get(_JSON, response_model=Facts)
@router.head(_JSON, include_in_schema=False)
async def get_facts(
    stream: StreamId, request: Request, house: TheHouse, session: SessionId = None
) -> Response:
    """What is on, in what state it is, and how many watch."""
    notice = await house.noticeboard.read(stream, session)
    refusal = await refuse_facts(notice, request, house)
    if refusal is not None:
        return refusal
    headers = {"cache-control": "no-cache", "access-control-allow-origin": "*"}
    return Response(notice.text, media_type="application/json", headers=headers)


@router.api_route("/~{personal}" + _EVENTS, methods=["GET"], include_in_schema=False)
@router.get(
    _EVENTS, response_class=Response, responses={200: {"content": {"text/event-stream": {}}}}
)
async def follow_facts(
    stream: StreamId, request: Request, house: TheHouse, session: SessionId = None
) -> Response:
    """The same now, and whenever it changes, as `data:` of server-sent events."""
    board = house.noticeboard
    notice = await board.read(stream, session)
    refusal = await refuse_facts(notice, request, house)
    if refusal is not None:
        return refusal
    if board.readers >= min(MAX_READERS, places()):
        raise ReadersTooMany("Too many follow this already; ask for the facts themselves.")
    return event_stream(_follow(notice, request, house))


async def refuse_facts(notice: Notice, request: Request, house: House) -> Response | None:
    """As for the media: a link to one session shows the facts of that session."""
    page = notice.page
    if page.recorded is not None and notice.is_recorded:
        route = MediaRoute(Kind.VIEW, page.stream, session=page.recorded.session, name="index.m3u8")
    else:
        route = MediaRoute(Kind.MULTIVARIANT, page.stream, name="live.m3u8")
    return await refuse_viewer(page.stream, request, house, route)


async def _follow(notice: Notice, request: Request, house: House) -> AsyncIterator[bytes]:
    """Ends when its reader may not watch any more; the reader asks again, and hears why."""
    board = house.noticeboard
    with board.reading(notice):
        yield b"retry: %d\n\n" % RETRY_MS
        said, told = b"", notice.timed.last
        while not board.is_closed:
            text, timed, told = notice.text, notice.timed.after(told), notice.timed.last
            if text is not said:
                said = text
                yield b"data: %b\n\n" % text
            elif not timed:
                yield HEARTBEAT
            if timed:
                yield b"".join(b"event: metadata\ndata: %b\n\n" % each for each in timed)
            await notice.wait(ALIVE_S)
            if await refuse_facts(notice, request, house) is not None:
                return


@router.api_route("/~{personal}/watch/{stream}/poster.jpg", methods=READ, include_in_schema=False)
@router.get(
    "/watch/{stream}/poster.jpg",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
@router.head("/watch/{stream}/poster.jpg", include_in_schema=False)
async def get_poster(stream: StreamId, request: Request, house: TheHouse) -> Response:
    """A picture of what is on air, at most half a minute old; else that of what was last."""
    notice = await house.noticeboard.read(stream)
    facts = notice.facts
    assert facts is not None
    live = None if notice.is_recorded else facts.session
    route = MediaRoute(Kind.PART, facts.stream) if live else None
    refusal = await refuse_viewer(facts.stream, request, house, route)
    if refusal is not None:
        return refusal
    if live is not None:
        picture = await house.posters.of(facts.stream)
        if picture is not None:
            return Response(picture, media_type="image/jpeg", headers=PICTURE)
    if facts.recording is None:
        raise PosterUnknown("There is no picture of it yet.")
    to_root = "../" * (request.url.path.count("/") - 1)
    personal, slash, _ = request.url.path.lstrip("/").partition("/")
    before = f"{personal}/" if slash and personal.startswith("~") else ""
    where = f"{to_root}{before}{facts.stream}/{facts.recording.session}/poster.jpg"
    return RedirectResponse(where, status_code=302)
