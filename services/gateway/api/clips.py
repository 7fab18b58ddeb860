"""`/<id>/{<session>,<from>-<until>}/clip.mp4`: a view as one file."""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from libs.names import DEFAULT_TENANT, SESSION_ID, STREAM_ID
from services.gateway.api.auth import is_known
from services.gateway.api.byte_range import read_range
from services.gateway.api.house import House, TheHouse
from services.gateway.errors import SpanWrong, StreamUnknown
from services.gateway.playback.reply import Reply
from services.gateway.viewers.grant import Grant
from services.gateway.viewers.visit import Visit, split_personal
from services.gateway.views.clip import Clip, ClipEmpty, clip_of_session, clip_of_window
from services.gateway.views.log import Log
from services.gateway.views.span import SPAN, read_span

router = APIRouter(tags=["views"])
READ = ["GET", "HEAD"]
_SPAN = SPAN.pattern.decode()
_PLAIN = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Content-Length, Content-Range",
    "cross-origin-resource-policy": "cross-origin",
}
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
    refusal = await _gate(stream, request, house)
    if refusal is not None:
        return refusal
    clip = await _clip(stream, view, house)
    await clip.open(house.store)
    assert clip.began_at is not None
    name = f"{stream}-{clip.began_at.astimezone(UTC):%Y%m%dT%H%M%SZ}.mp4"
    return respond(clip, house, request, {"content-disposition": f'attachment; filename="{name}"'})


def respond(
    clip: Clip, house: House, request: Request, headers: dict[str, str] | None = None
) -> Response:
    """The file, or the range of it that is asked for. Raises `RangeWrong`."""
    size = clip.size_bytes
    first, last = read_range(request.headers.get("range"), size)
    is_part = last - first + 1 != size
    headers = _PLAIN | (headers or {})
    headers |= {"accept-ranges": "bytes", "content-length": str(last - first + 1)}
    if is_part:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    status = 206 if is_part else 200
    if request.method == "HEAD":
        return Response(status_code=status, media_type="video/mp4", headers=headers)
    body = clip.read(house.store, first, last)
    return StreamingResponse(body, status_code=status, media_type="video/mp4", headers=headers)


async def _clip(stream: str, view: str, house: House) -> Clip:
    log = Log(house.catalog, DEFAULT_TENANT)
    if re.fullmatch(_SPAN, view):
        span = read_span(view, now=datetime.now(UTC))
        if span.trouble is not None:
            raise SpanWrong(span.trouble)
        return await clip_of_window(log, stream, span)
    session = await log.session(view)
    if session.stream != stream:
        raise ClipEmpty(f"{stream} has no session {view}.")
    return await clip_of_session(log, session.id)


async def _gate(stream: str, request: Request, house: House) -> Response | None:
    """The refusal, if whoever asks may not watch the stream."""
    if is_known(request, house):
        return None
    visit = _visit(request)
    granted = house.viewing.gate.check(stream, visit)
    if granted is None:
        await house.viewing.policies.find(stream)
        granted = house.viewing.gate.check(stream, visit)
    if granted is None:
        raise StreamUnknown("There is no such stream.")
    return None if isinstance(granted, Grant) else _response(granted)


def _visit(request: Request) -> Visit:
    path = request.scope["raw_path"]
    personal, _ = split_personal(path)
    headers = {name.lower(): value for name, value in request.scope["headers"]}
    address = request.client.host if request.client else ""
    visit = Visit(path, request.scope["query_string"], personal, address, address)
    said = {name: headers.get(name.encode()) for name in ("cookie", "referer", "origin")}
    asked = visit.asked._replace(**said)
    return visit._replace(asked=asked)


def _response(reply: Reply) -> Response:
    lines = reply.headers.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if line)
    return Response(bytes(reply.body), status_code=reply.status, headers=headers)
