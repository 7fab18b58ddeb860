"""`/api/v1/streams/{id}/files` and `/api/v1/files/{name}`: what is made of streams on air."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from libs.events import FileKind, GetFile, ListFiles, RecordedFile, RecordedFiles
from libs.names import DEFAULT_TENANT
from services.gateway.api.auth import authorised
from services.gateway.api.house import House, TheHouse
from services.gateway.api.streams import check_known_id
from services.gateway.errors import FileNotReady

CHUNK_BYTES = 1 << 20
TYPES: dict[FileKind, str] = {"mp4": "video/mp4", "jpeg": "image/jpeg"}

router = APIRouter(tags=["recordings"], dependencies=[Depends(authorised)])


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


@router.get("/files/{key:path}", response_class=StreamingResponse)
async def get_file(key: Annotated[str, Path(max_length=400)], house: TheHouse) -> StreamingResponse:
    """The file of that name."""
    file = await house.catalog.ask(GetFile(tenant=DEFAULT_TENANT, key=key))
    if file.object_key is None:
        raise FileNotReady(f"{file.key} is {file.state}.")
    return StreamingResponse(
        _read(house, file, file.object_key),
        media_type=TYPES[file.kind],
        headers={
            "content-length": str(file.size_bytes),
            "content-disposition": f'inline; filename="{file.key.rpartition("/")[2]}"',
        },
    )


async def _read(house: House, file: RecordedFile, object_key: str) -> AsyncIterator[bytes]:
    for offset in range(0, file.size_bytes, CHUNK_BYTES):
        yield await house.store.get(object_key, offset=offset, size=CHUNK_BYTES)
