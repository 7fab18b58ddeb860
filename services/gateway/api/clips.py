"""`/<id>/{<session>,<from>-<until>}/clip.mp4`: a view as one file."""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from libs.errors import Forbidden
from libs.events import GetWatermark
from libs.names import ITS_TENANT, SESSION_ID, STREAM_ID
from services.gateway.api.auth import WATCHING, may_watch
from services.gateway.api.house import House, TheHouse
from services.gateway.api.ranged import ranged
from services.gateway.api.watching import PLAYABLE, refuse
from services.gateway.errors import SpanWrong
from services.gateway.views.clip import Clip, ClipEmpty, clip_of_session, clip_of_window
from services.gateway.views.log import Log
from services.gateway.views.span import SPAN, read_span

router = APIRouter(tags=["views"], dependencies=[WATCHING])


class ClipWatermarked(Forbidden):
    code = "clip_watermarked"


READ = ["GET", "HEAD"]
_SPAN = SPAN.pattern.decode()
StreamId = Annotated[str, Path(pattern=f"^{STREAM_ID.pattern}$")]
View = Annotated[str, Path(pattern=f"^(?:{SESSION_ID.pattern}|{_SPAN})$")]


@router.api_route("/~{personal}/{stream}/{view}/clip.mp4", methods=READ, include_in_schema=False)
@router.get(
    "/{stream}/{view}/clip.mp4",
    response_class=Response,
    responses={200: {"content": {"video/mp4": {}}}, 206: {"content": {"video/mp4": {}}}},
)
@router.head("/{stream}/{view}/clip.mp4", include_in_schema=False)
async def get_clip(stream: StreamId, view: View, request: Request, house: TheHouse) -> Response:
    """A session, or a window (`<from>-<until>` in Unix milliseconds), as one MP4 file.

    Nothing is encoded again: it is exact to segments and begins with the keyframe that its first
    picture needs. What was lost is left out. 409 where the codec settings change within it.
    """
    refusal = await refuse(stream, request, house, view=view)
    if refusal is not None:
        return refusal
    clip = await _clip(stream, view, house)
    if not await may_watch(request, house, stream):
        await _check_unmarked(clip, house)
    await clip.open(house.store)
    assert clip.began_at is not None
    name = f"{stream}-{clip.began_at.astimezone(UTC):%Y%m%dT%H%M%SZ}.mp4"
    return respond(clip, house, request, {"content-disposition": f'attachment; filename="{name}"'})


async def _check_unmarked(clip: Clip, house: House) -> None:
    """Raises `ClipWatermarked`: one file for all viewers would name none of them."""
    for session in sorted(clip.sessions):
        ask = GetWatermark(tenant=ITS_TENANT, session=session)
        if (await house.catalog.ask(ask)).key is not None:
            raise ClipWatermarked(
                "This has a watermark that tells viewers apart; play it, as HLS or DASH."
            )


def respond(
    clip: Clip, house: House, request: Request, headers: dict[str, str] | None = None
) -> Response:
    """The file, or the range of it that is asked for. Raises `RangeWrong`."""
    return ranged(
        request,
        clip.size_bytes,
        "video/mp4",
        lambda first, last: clip.read(house.store, first, last),
        PLAYABLE | (headers or {}),
    )


async def _clip(stream: str, view: str, house: House) -> Clip:
    log = Log(house.catalog, ITS_TENANT)
    if re.fullmatch(_SPAN, view):
        span = read_span(view, now=datetime.now(UTC))
        if span.trouble is not None:
            raise SpanWrong(span.trouble)
        return await clip_of_window(log, stream, span)
    session = await log.session(view)
    if session.stream != stream:
        raise ClipEmpty(f"{stream} has no session {view}.")
    return await clip_of_session(log, session.id)
