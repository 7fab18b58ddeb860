"""Whether whoever asks the API for media may watch its stream: as at the edge, by the gate."""

from fastapi import Request, Response

from services.gateway.api.auth import may_watch
from services.gateway.api.house import House
from services.gateway.errors import StreamUnknown
from services.gateway.playback.reply import Reply
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.viewers.grant import Grant
from services.gateway.viewers.visit import Visit, split_personal

PLAYABLE = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Content-Length, Content-Range",
    "cross-origin-resource-policy": "cross-origin",
}
"""Headers of what pages of other origins may play."""


async def refuse(
    stream: str, request: Request, house: House, *, view: str = "", name: str = ""
) -> Response | None:
    """The refusal, if there is a reason for one. `view`: the session or window that is asked for,
    if that is all; `name`: what of it.
    """
    if await may_watch(request, house, stream):
        return None
    route = MediaRoute(Kind.VIEW, stream, session=view, name=name) if view else None
    return await refuse_viewer(stream, request, house, route)


async def refuse_viewer(
    stream: str, request: Request, house: House, route: MediaRoute | None
) -> Response | None:
    """The same for whoever asks, as a viewer."""
    admitted = await admit_viewer(stream, request, house, route)
    return admitted if isinstance(admitted, Response) else None


async def admit_viewer(
    stream: str, request: Request, house: House, route: MediaRoute | None
) -> Grant | Response:
    """What whoever asks is granted as a viewer, or the refusal."""
    visit = visit_of(request)
    granted = house.viewing.gate.check(stream, visit, route)
    if granted is None:
        await house.viewing.policies.find(stream)
        granted = house.viewing.gate.check(stream, visit, route)
    if granted is None:
        raise StreamUnknown("There is no such stream.")
    return granted if isinstance(granted, Grant) else _response(granted)


def visit_of(request: Request) -> Visit:
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
