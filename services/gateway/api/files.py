"""What is made of streams on air: lists of it, and the files under the names that clients know."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime

from libs.events import FileKind, GetFile, ListFiles, RecordedFile, RecordedFiles
from libs.names import ITS_TENANT, STREAM_ID
from libs.permissions import Permission
from services.gateway.api.auth import WATCHING, TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kept import kept
from services.gateway.api.ranged import of_object, ranged
from services.gateway.api.streams import check_known_id
from services.gateway.api.watching import PLAYABLE, refuse
from services.gateway.errors import FileNotReady, FileUnknown
from services.gateway.viewers.visit import without_personal

TYPES: dict[FileKind, str] = {
    "mp4": "video/mp4",
    "jpeg": "image/jpeg",
    "storyboard": "image/jpeg",
    "poster": "image/jpeg",
    "export": "video/mp4",
}
READ = ["GET", "HEAD"]
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_DAY = "{year}/{month}/{day}/{name}"
_LIST = "{year}/{month}/{day}/vod-index.m3u8"

router = APIRouter(tags=["recordings"], dependencies=[needs(Permission.RECORDINGS_READ)])
public = APIRouter(tags=["recordings"], dependencies=[WATCHING])
"""Who may watch the stream may have its files, too."""

StreamId = Annotated[str, Path(pattern=f"^{STREAM_ID.pattern}$")]


def _media(kind: FileKind) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {TYPES[kind]: {}}}, 206: {"content": {TYPES[kind]: {}}}}


@router.get("/streams/{stream_id}/files")
async def list_files(
    stream_id: str,
    house: TheHouse,
    tenant: TheTenant,
    kind: FileKind | None = None,
    from_at: AwareDatetime | None = None,
    until_at: AwareDatetime | None = None,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> RecordedFiles:
    """MP4s and pictures of the stream, and what jobs made of it, newest first: all, or those that
    begin within [from_at, until_at). Those that are `pending` are being made.
    """
    check_known_id(stream_id)
    return await house.catalog.ask(
        ListFiles(
            tenant=tenant,
            stream=stream_id,
            kind=kind,
            from_at=from_at,
            until_at=until_at,
            after=after,
            limit=limit,
        )
    )


@public.api_route("/~{personal}/{stream}/mp4/" + _LIST, methods=READ, include_in_schema=False)
@public.get(
    "/{stream}/mp4/" + _LIST,
    response_class=Response,
    responses={200: {"content": {PLAYLIST_TYPE: {}}}},
)
@public.head("/{stream}/mp4/" + _LIST, include_in_schema=False)
async def list_day(
    stream: StreamId, year: int, month: int, day: int, request: Request, house: TheHouse
) -> Response:
    """The MP4s that begin on a day (UTC), in order, as the replaced system listed them."""
    refusal = await refuse(stream, request, house)
    return refusal or await answer_day(stream, (year, month, day), house)


async def answer_day(stream: str, day: tuple[int, int, int], house: House) -> Response:
    """Raises `FileUnknown`."""
    try:
        begin = datetime(*day, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise FileUnknown("There is no such day.") from None
    found = await _of_day(stream, begin, house)
    if not found:
        raise FileUnknown(f"{stream} has no MP4s of {begin:%Y-%m-%d}.")
    headers = dict(PLAYABLE) | {"cache-control": "no-cache"}
    return Response(render_day(found), media_type=PLAYLIST_TYPE, headers=headers)


def render_day(files: Sequence[RecordedFile]) -> str:
    """The list as FFmpeg's segmenter writes it."""
    target_s = max(math.ceil(file.duration_s) for file in files)
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-ALLOW-CACHE:YES"]
    lines.append(f"#EXT-X-TARGETDURATION:{target_s}")
    for file in files:
        lines += [f"#EXTINF:{file.duration_s:.6f},", file.key.rpartition("/")[2]]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


async def _of_day(stream: str, begin: datetime, house: House) -> list[RecordedFile]:
    found: list[RecordedFile] = []
    ask = ListFiles(
        tenant=ITS_TENANT,
        stream=stream,
        kind="mp4",
        from_at=begin,
        until_at=begin + timedelta(days=1),
    )
    while True:
        page = await house.catalog.ask(ask)
        found += [file for file in page.files if file.state == "ready"]
        if page.next_after is None:
            return found[::-1]
        ask = ask.model_copy(update={"after": page.next_after})


@router.get("/files/{key:path}", response_class=Response)
async def get_file(
    key: Annotated[str, Path(max_length=400)], request: Request, house: TheHouse, tenant: TheTenant
) -> Response:
    """The file of that name, or a range of it."""
    return answer_file(await find_file(key, house, tenant), request, house)


@public.api_route("/~{personal}/{stream}/mp4/" + _DAY, methods=READ, include_in_schema=False)
@public.get("/{stream}/mp4/" + _DAY, response_class=Response, responses=_media("mp4"))
@public.head("/{stream}/mp4/" + _DAY, include_in_schema=False)
async def watch_video(stream: StreamId, request: Request, house: TheHouse) -> Response:
    """An MP4, or a range of it, for whoever may watch the stream."""
    return await _watch(stream, request, house)


@public.api_route(
    "/~{personal}/{stream}/motion/{kind}/" + _DAY, methods=READ, include_in_schema=False
)
@public.get("/{stream}/motion/{kind}/" + _DAY, response_class=Response, responses=_media("mp4"))
@public.head("/{stream}/motion/{kind}/" + _DAY, include_in_schema=False)
async def watch_motion(stream: StreamId, request: Request, house: TheHouse) -> Response:
    """An MP4 (`mp4`) or the first picture (`images`) of a motion event."""
    return await _watch(stream, request, house)


@public.api_route("/~{personal}/{stream}/images/" + _DAY, methods=READ, include_in_schema=False)
@public.get("/{stream}/images/" + _DAY, response_class=Response, responses=_media("jpeg"))
@public.head("/{stream}/images/" + _DAY, include_in_schema=False)
async def watch_picture(stream: StreamId, request: Request, house: TheHouse) -> Response:
    """A picture, for whoever may watch the stream."""
    return await _watch(stream, request, house)


async def _watch(stream: str, request: Request, house: House) -> Response:
    refusal = await refuse(stream, request, house)
    if refusal is not None:
        return refusal
    key = without_personal(request.scope["path"].encode()).decode().lstrip("/")
    return answer_file(await find_file(key, house, ITS_TENANT), request, house)


async def find_file(key: str, house: House, tenant: str) -> RecordedFile:
    return await house.catalog.ask(GetFile(tenant=tenant, key=key))


def answer_file(file: RecordedFile, request: Request, house: House) -> Response:
    if file.object_key is None:
        raise FileNotReady(f"{file.key} is {file.state}.")
    name = file.key.rpartition("/")[2]
    headers = PLAYABLE | {"content-disposition": f'inline; filename="{name}"'}
    read = kept(of_object(house.store, file.object_key), house.catalog, file.object_key)
    return ranged(request, file.size_bytes, TYPES[file.kind], read, headers)
