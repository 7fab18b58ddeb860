"""`/api/v1/streams/{id}/clips`: times of a stream with a name, to keep, show and take away."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from libs.events import Clip, ClipExport, CreateClip, DeleteClip, ExportClip, GetClip, ListClips
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.clips import respond
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kept import kept
from services.gateway.api.kvs.sessions import playback_url
from services.gateway.api.ranged import of_object, ranged
from services.gateway.api.streams import check_known_id
from services.gateway.api.viewer_tokens import MAX_TOKEN_S
from services.gateway.views.clip import clip_of_window
from services.gateway.views.log import Log
from services.gateway.views.span import Span

router = APIRouter(prefix="/streams/{stream_id}/clips", tags=["clips"])
ClipId = Annotated[str, Field(max_length=64)]
_PRIVATE = {"cache-control": "private, no-cache"}
_MP4: dict[str, Any] = {"content": {"video/mp4": {}}}


class NewClip(BaseModel):
    """What was on air from `from_at` until `until_at`, kept until the clip is deleted."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    from_at: AwareDatetime
    until_at: AwareDatetime


class ClipLinks(BaseModel):
    """Where a time of a stream is watched, and downloaded as one file."""

    hls: str
    dash: str
    hls_ts: str
    mp4: str


class NamedClip(BaseModel):
    id: str
    stream: str
    name: str
    from_at: datetime
    until_at: datetime
    created_at: datetime
    export: ClipExport | None
    """The file made of it, once one was asked for."""
    playback: ClipLinks
    """For whoever may watch the stream."""


class NamedClips(BaseModel):
    clips: list[NamedClip]
    next_after: str | None


class NewLinks(BaseModel):
    model_config = ConfigDict(extra="forbid")

    expires_in_s: int = Field(default=7 * 24 * 3600, ge=60, le=MAX_TOKEN_S)


class SharedClip(BaseModel):
    """Links for whoever has them, until they expire."""

    expires_at: datetime
    playback: ClipLinks


async def share(
    house: House, tenant: str, stream_id: str, view: Span | str, expires_in_s: int
) -> SharedClip:
    pull = await house.addresses.pull_of(tenant)
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=expires_in_s)

    def link(name: str) -> str:
        return playback_url(house, pull, stream_id, name, expires_in_s)

    return SharedClip(expires_at=expires_at, playback=links_of(view, link))


@router.get("", dependencies=[needs(Permission.RECORDINGS_READ)])
async def list_clips(
    stream_id: str,
    house: TheHouse,
    tenant: TheTenant,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> NamedClips:
    """Of the stream, the latest first."""
    check_known_id(stream_id)
    ask = ListClips(tenant=tenant, stream=stream_id, after=after, limit=limit)
    found = await house.catalog.ask(ask)
    pull = await house.addresses.pull_of(tenant)
    clips = [_show(clip, pull) for clip in found.clips]
    return NamedClips(clips=clips, next_after=found.next_after)


@router.post("", status_code=201, dependencies=[needs(Permission.RECORDINGS_WRITE)])
async def create_clip(
    stream_id: str, body: NewClip, response: Response, house: TheHouse, tenant: TheTenant
) -> NamedClip:
    """Keep a time of the stream under a name. Nothing is copied; it may lie ahead."""
    check_known_id(stream_id)
    ask = CreateClip(
        tenant=tenant,
        stream=stream_id,
        title=body.name,
        from_at=body.from_at,
        until_at=body.until_at,
    )
    clip = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/streams/{stream_id}/clips/{clip.id}"
    return _show(clip, await house.addresses.pull_of(tenant))


@router.get("/{clip_id}", dependencies=[needs(Permission.RECORDINGS_READ)])
async def get_clip(
    stream_id: str, clip_id: ClipId, house: TheHouse, tenant: TheTenant
) -> NamedClip:
    """A clip, where it is watched, and what became of its export."""
    clip = await _find(stream_id, clip_id, house, tenant)
    return _show(clip, await house.addresses.pull_of(tenant))


@router.delete("/{clip_id}", status_code=204, dependencies=[needs(Permission.RECORDINGS_DELETE)])
async def delete_clip(stream_id: str, clip_id: ClipId, house: TheHouse, tenant: TheTenant) -> None:
    """Leave its time to retention again; the file made of it goes with it."""
    check_known_id(stream_id)
    await house.catalog.ask(DeleteClip(tenant=tenant, stream=stream_id, id=clip_id))


@router.post(
    "/{clip_id}/export", status_code=202, dependencies=[needs(Permission.RECORDINGS_WRITE)]
)
async def export_clip(
    stream_id: str, clip_id: ClipId, house: TheHouse, tenant: TheTenant
) -> NamedClip:
    """Have a file made of it, which stays whatever becomes of the segments. Asked for again, it is
    the same one.
    """
    check_known_id(stream_id)
    ask = ExportClip(tenant=tenant, stream=stream_id, id=clip_id)
    return _show(await house.catalog.ask(ask), await house.addresses.pull_of(tenant))


@router.post("/{clip_id}/links", status_code=201, dependencies=[needs(Permission.VIEWERS_WRITE)])
async def share_clip(
    stream_id: str, clip_id: ClipId, body: NewLinks, house: TheHouse, tenant: TheTenant
) -> SharedClip:
    """Links that work for whoever has them until they expire, also if the stream needs a token.
    They show the clip, and nothing else of the stream.
    """
    clip = await _find(stream_id, clip_id, house, tenant)
    span = Span(clip.from_at, clip.until_at)
    return await share(house, tenant, stream_id, span, body.expires_in_s)


@router.get(
    "/{clip_id}/file",
    response_class=Response,
    responses={200: _MP4, 206: _MP4},
    dependencies=[needs(Permission.RECORDINGS_READ)],
)
async def download_clip(
    stream_id: str, clip_id: ClipId, request: Request, house: TheHouse, tenant: TheTenant
) -> Response:
    """As one MP4: the file that was made of it, else its stored segments one after the other."""
    clip = await _find(stream_id, clip_id, house, tenant)
    file_name = quote(f"{clip.name}.mp4", safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{file_name}"}
    made = clip.export
    if made is not None and made.object_key is not None and made.size_bytes is not None:
        read = kept(of_object(house.store, made.object_key), house.catalog, made.object_key)
        return ranged(request, made.size_bytes, "video/mp4", read, _PRIVATE | headers)
    log = Log(house.catalog, tenant)
    view = await clip_of_window(log, stream_id, Span(clip.from_at, clip.until_at))
    await view.open(house.store)
    return respond(view, house, request, headers)


def links_of(view: Span | str, link: Callable[[str], str]) -> ClipLinks:
    """Of a window, or a session; `link` makes an address of a name below the stream."""
    return ClipLinks(
        hls=link(f"{view}/index.m3u8"),
        dash=link(f"{view}/manifest.mpd"),
        hls_ts=link(f"{view}/ts.m3u8"),
        mp4=link(f"{view}/clip.mp4"),
    )


async def _find(stream_id: str, clip_id: str, house: House, tenant: str) -> Clip:
    check_known_id(stream_id)
    ask = GetClip(tenant=tenant, stream=stream_id, id=clip_id)
    return await house.catalog.ask(ask)


def _show(clip: Clip, pull: str) -> NamedClip:
    base = f"{pull}/{clip.stream}"
    view = Span(clip.from_at, clip.until_at)
    links = links_of(view, lambda name: f"{base}/{name}")
    return NamedClip(**dict(clip), playback=links)
