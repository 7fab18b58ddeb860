"""`/<id>/<session>/poster.jpg`: the picture that stands for a session."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from libs.events import GetPoster
from libs.names import ITS_TENANT, SESSION_ID
from services.gateway.api.auth import WATCHING
from services.gateway.api.clips import READ, StreamId
from services.gateway.api.house import TheHouse
from services.gateway.api.kept import kept
from services.gateway.api.ranged import of_object, ranged
from services.gateway.api.watching import PLAYABLE, refuse
from services.gateway.errors import FileNotReady, PosterUnknown

router = APIRouter(tags=["views"], dependencies=[WATCHING])
_WHERE = "/{stream}/{session}/poster.jpg"
SessionId = Annotated[str, Path(pattern=f"^{SESSION_ID.pattern}$")]


@router.api_route("/~{personal}" + _WHERE, methods=READ, include_in_schema=False)
@router.get(_WHERE, response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
@router.head(_WHERE, include_in_schema=False)
async def get_poster(
    stream: StreamId, session: SessionId, request: Request, house: TheHouse
) -> Response:
    """A keyframe of a session that is over, as JPEG of at most 1280x720: one that is not black, and
    as most of it looks. It is made once. 409 while it is made.
    """
    refusal = await refuse(stream, request, house, view=session)
    if refusal is not None:
        return refusal
    ask = GetPoster(tenant=ITS_TENANT, stream=stream, session=session)
    poster = await house.catalog.ask(ask)
    if poster.state == "pending":
        raise FileNotReady("The poster is being made; ask again in a few seconds.")
    if poster.object_key is None:
        raise PosterUnknown("There is no picture in it that could stand for it.")
    headers = dict(PLAYABLE) | {"cache-control": "private, max-age=3600"}
    read = kept(of_object(house.store, poster.object_key), house.catalog, poster.object_key)
    return ranged(request, poster.size_bytes, "image/jpeg", read, headers)
