"""`/api/v1/assets/{id}/captions`: texts to an asset, and `/<id>/<session>/captions/…`, where
players read them.

What is sent is read cue by cue and written anew: nothing else of a stranger's file is kept.
"""

import secrets
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from libs.captions import read_captions, timestamp_map, write_webvtt
from libs.errors import WeirError
from libs.events import AddCaption, Caption, DeleteCaption, ListCaptions
from libs.events.captions import Label, Language
from libs.names import ITS_TENANT, SESSION_ID, SOURCE
from libs.permissions import Permission
from libs.storage import ObjectMissing
from services.gateway.api.assets import AssetId
from services.gateway.api.auth import WATCHING, TheTenant, needs
from services.gateway.api.clips import READ, StreamId
from services.gateway.api.house import House, TheHouse
from services.gateway.api.watching import PLAYABLE, refuse
from services.gateway.errors import BodyUnreadable, CaptionUnknown
from services.gateway.views.captions import render_playlist
from services.gateway.views.log import Log

TYPES = ("text/vtt", "application/x-subrip", "text/plain")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES},
    }
}
_PLAYLIST, _OF_HLS, _FILE = ".m3u8", ".hls.vtt", ".vtt"
_ID = "caption-[0-9a-f]{16}"
_WHERE = "/{stream}/{session}/captions/{name}"

router = APIRouter(prefix="/assets/{asset_id}/captions", tags=["assets"])
public = APIRouter(tags=["views"], dependencies=[WATCHING])
CaptionId = Annotated[str, Path(pattern=f"^{_ID}$")]
SessionId = Annotated[str, Path(pattern=f"^{SESSION_ID.pattern}$")]
Name = Annotated[str, Path(pattern=rf"^{_ID}(\.m3u8|\.hls\.vtt|\.vtt)$")]


class CaptionView(BaseModel):
    """Captions of an asset: `label` is what a viewer chooses them by."""

    id: str
    language: str
    """BCP 47, for example `en` or `pt-BR`."""
    label: str
    is_default: bool
    """Whether they are shown to who has chosen nothing; of an asset one at most."""
    cues: int
    size_bytes: int
    created_at: datetime


class CaptionsView(BaseModel):
    captions: tuple[CaptionView, ...]


@router.get("", dependencies=[needs(Permission.ASSETS_READ)])
async def list_captions(asset_id: AssetId, house: TheHouse, tenant: TheTenant) -> CaptionsView:
    """Of an asset, the oldest first."""
    found = await house.catalog.ask(ListCaptions(tenant=tenant, asset=asset_id))
    return CaptionsView(captions=tuple(map(_show, found.captions)))


@router.post(
    "",
    status_code=201,
    openapi_extra=_BODY,
    dependencies=[needs(Permission.ASSETS_WRITE)],
)
async def add_captions(
    asset_id: AssetId,
    language: Annotated[Language, Query()],
    label: Annotated[Label, Query()],
    request: Request,
    response: Response,
    house: TheHouse,
    tenant: TheTenant,
    is_default: bool = False,
) -> CaptionView:
    """Add the WebVTT or SubRip (`.srt`) file in the body, in UTF-8, whose times count from the
    asset's first frame. Styles, regions and all tags but italics, bold and underlined go.
    """
    try:
        sent = await request.body()
    except ClientDisconnect as error:
        raise BodyUnreadable("The body did not arrive whole.") from error
    cues = read_captions(sent)
    data = write_webvtt(cues)
    caption = f"caption-{secrets.token_hex(8)}"
    key = f"captions/{tenant}/{asset_id}/{caption}.vtt"
    ask = AddCaption(
        tenant=tenant,
        asset=asset_id,
        id=caption,
        language=language,
        label=label,
        is_default=is_default,
        cues=len(cues),
        size_bytes=len(data),
        object_key=key,
    )
    added = await _keep(house, ask, data)
    response.headers["location"] = f"/api/v1/assets/{asset_id}/captions/{caption}"
    return _show(added)


@router.delete("/{caption}", status_code=204, dependencies=[needs(Permission.ASSETS_WRITE)])
async def delete_captions(
    asset_id: AssetId, caption: CaptionId, house: TheHouse, tenant: TheTenant
) -> None:
    """Take them away."""
    await house.catalog.ask(DeleteCaption(tenant=tenant, asset=asset_id, id=caption))


@public.api_route("/~{personal}" + _WHERE, methods=READ, include_in_schema=False)
@public.api_route("/hls" + _WHERE, methods=READ, include_in_schema=False)
@public.api_route("/dash" + _WHERE, methods=READ, include_in_schema=False)
@public.api_route("/~{personal}/hls" + _WHERE, methods=READ, include_in_schema=False)
@public.api_route("/~{personal}/dash" + _WHERE, methods=READ, include_in_schema=False)
@public.get(_WHERE, response_class=Response, responses={200: {"content": {"text/vtt": {}}}})
@public.head(_WHERE, include_in_schema=False)
async def get_captions(
    stream: StreamId, session: SessionId, name: Name, request: Request, house: TheHouse
) -> Response:
    """Captions as WebVTT, as the segment of an HLS rendition (`.hls.vtt`), or its playlist."""
    # As a playlist: whose pictures carry a mark may read the texts.
    refusal = await refuse(stream, request, house, view=session, name=f"captions{_PLAYLIST}")
    if refusal is not None:
        return refusal
    log = Log(house.catalog, ITS_TENANT)
    caption = await _find(log, stream, session, name.partition(".")[0])
    headers = dict(PLAYABLE) | {"cache-control": "private, max-age=60"}
    if name.endswith(_PLAYLIST):
        text = render_playlist(caption.id, (await log.session(session)).duration_s)
        return Response(text, media_type="application/vnd.apple.mpegurl", headers=headers)
    try:
        data = await house.store.get(caption.object_key)
    except ObjectMissing:
        raise CaptionUnknown("The store has lost these captions; add them again.") from None
    if name.endswith(_OF_HLS):
        data = timestamp_map(data, await _zero_90k(log, session))
    return Response(data, media_type="text/vtt", headers=headers)


async def _keep(house: House, ask: AddCaption, data: bytes) -> Caption:
    """Raises what the catalog answers."""
    await house.store.put(ask.object_key, data, content_type="text/vtt")
    try:
        return await house.catalog.ask(ask)
    except WeirError as error:
        if not error.retry:  # else it may have been added, and the answer was lost
            await house.store.delete([ask.object_key])
        raise


async def _find(log: Log, stream: str, session: str, caption: str) -> Caption:
    """Raises `CaptionUnknown`."""
    for each in await log.captions(stream, session):
        if each.id == caption:
            return each
    raise CaptionUnknown("There are no such captions (any more).")


async def _zero_90k(log: Log, session: str) -> int:
    """Where on the clock of the media its first frame is, be it picture or sound."""
    async for rows, _ in log.of_session(session, SOURCE, None):
        if rows:
            return min(each.pts * 90_000 // each.timescale for each in rows[0].tracks)
    raise CaptionUnknown("The session has nothing left that captions could belong to.")


def _show(caption: Caption) -> CaptionView:
    shown: dict[str, Any] = caption.model_dump(exclude={"asset", "object_key"})
    return CaptionView(**shown)
