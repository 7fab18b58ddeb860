"""What is made of streams on air: lists of it, and the files under the names that clients know."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from libs.events import FileKind, GetFile, ListFiles, RecordedFile, RecordedFiles
from libs.names import DEFAULT_TENANT, STREAM_ID
from services.gateway.api.auth import authorised
from services.gateway.api.house import House, TheHouse
from services.gateway.api.ranged import of_object, ranged
from services.gateway.api.streams import check_known_id
from services.gateway.api.watching import PLAYABLE, refuse
from services.gateway.errors import FileNotReady
from services.gateway.viewers.visit import without_personal

TYPES: dict[FileKind, str] = {"mp4": "video/mp4", "jpeg": "image/jpeg"}
READ = ["GET", "HEAD"]
_DAY = "{year}/{month}/{day}/{name}"

router = APIRouter(tags=["recordings"], dependencies=[Depends(authorised)])
public = APIRouter(tags=["recordings"])
"""Who may watch the stream may have its files, too."""

StreamId = Annotated[str, Path(pattern=f"^{STREAM_ID.pattern}$")]


def _media(kind: FileKind) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {TYPES[kind]: {}}}, 206: {"content": {TYPES[kind]: {}}}}


@router.get("/streams/{stream_id}/files")
async def list_files(
    stream_id: str,
    house: TheHouse,
    kind: FileKind | None = None,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> RecordedFiles:
    """MP4s and pictures of the stream, newest first; those that are `pending` are being made."""
    check_known_id(stream_id)
    return await house.catalog.ask(
        ListFiles(tenant=DEFAULT_TENANT, stream=stream_id, kind=kind, after=after, limit=limit)
    )


@router.get("/files/{key:path}", response_class=Response)
async def get_file(
    key: Annotated[str, Path(max_length=400)], request: Request, house: TheHouse
) -> Response:
    """The file of that name, or a range of it."""
    return _answer(await _find(key, house), request, house)


@public.api_route("/~{personal}/{stream}/mp4/" + _DAY, methods=READ, include_in_schema=False)
@public.get("/{stream}/mp4/" + _DAY, response_class=Response, responses=_media("mp4"))
@public.head("/{stream}/mp4/" + _DAY, include_in_schema=False)
async def watch_video(stream: StreamId, request: Request, house: TheHouse) -> Response:
    """An MP4, or a range of it, for whoever may watch the stream."""
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
    return _answer(await _find(key, house), request, house)


async def _find(key: str, house: House) -> RecordedFile:
    return await house.catalog.ask(GetFile(tenant=DEFAULT_TENANT, key=key))


def _answer(file: RecordedFile, request: Request, house: House) -> Response:
    if file.object_key is None:
        raise FileNotReady(f"{file.key} is {file.state}.")
    name = file.key.rpartition("/")[2]
    headers = PLAYABLE | {"content-disposition": f'inline; filename="{name}"'}
    read = of_object(house.store, file.object_key)
    return ranged(request, file.size_bytes, TYPES[file.kind], read, headers)
