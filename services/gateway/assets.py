"""The console's built files, by name.

Read once: a request chooses among the names that were found and never becomes a path.
"""

import hashlib
import mimetypes
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from services.gateway.api.auth import ANYBODY

_TYPES = {".js": "text/javascript", ".css": "text/css", ".map": "application/json"}
CACHE_CONTROL = "public, max-age=600"


class Asset(NamedTuple):
    data: bytes
    content_type: str
    etag: str


def read_assets(folder: Path) -> dict[str, Asset]:
    """Every file under `folder`, by its relative path with "/"; none if it is not built."""
    return {
        path.relative_to(folder).as_posix(): _read(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    etag = hashlib.sha256(data).hexdigest()[:16]
    return Asset(data, guessed or "application/octet-stream", f'"{etag}"')


def assets_router(folder: Path) -> APIRouter:
    """`/static/<name>`."""
    assets = read_assets(folder)
    router = APIRouter(include_in_schema=False, dependencies=[ANYBODY])

    @router.api_route("/static/{name:path}", methods=["GET", "HEAD"])
    async def static(name: str, request: Request) -> Response:
        asset = assets.get(name)
        if asset is None:
            return PlainTextResponse("There is no such file.", status_code=404)
        headers = {"etag": asset.etag, "cache-control": CACHE_CONTROL}
        if asset.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(asset.data, media_type=asset.content_type, headers=headers)

    return router
