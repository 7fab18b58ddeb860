"""The console's built files, by name.

Read once: a request chooses among the names that were found and never becomes a path.
"""

import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from services.gateway.api.auth import ANYBODY

_TYPES = {".js": "text/javascript", ".css": "text/css", ".map": "application/json"}
_COMPRESSED = frozenset({".js", ".css", ".svg", ".map"})
"""Fonts and pictures are compressed in themselves."""
CACHE_CONTROL = "public, max-age=600"


class Asset(NamedTuple):
    data: bytes
    zipped: bytes
    """The same in gzip; empty: that would save nothing."""
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
    zipped = gzip.compress(data, 6, mtime=0) if path.suffix in _COMPRESSED else b""
    return Asset(data, zipped, guessed or "application/octet-stream", etag)


def assets_router(folder: Path) -> APIRouter:
    """`/static/<name>`."""
    assets = read_assets(folder)
    router = APIRouter(include_in_schema=False, dependencies=[ANYBODY])

    @router.api_route("/static/{name:path}", methods=["GET", "HEAD"])
    async def static(name: str, request: Request) -> Response:
        asset = assets.get(name)
        if asset is None:
            return PlainTextResponse("There is no such file.", status_code=404)
        is_zipped = bool(asset.zipped) and _takes_gzip(request)
        # Each form is a representation of its own (RFC 9110, 8.8.3.3).
        etag = f'"{asset.etag}-gzip"' if is_zipped else f'"{asset.etag}"'
        headers = {"etag": etag, "cache-control": CACHE_CONTROL}
        if asset.zipped:
            headers["vary"] = "accept-encoding"
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if is_zipped:
            headers["content-encoding"] = "gzip"
        data = asset.zipped if is_zipped else asset.data
        return Response(data, media_type=asset.content_type, headers=headers)

    return router


def _takes_gzip(request: Request) -> bool:
    """As browsers say it; a weight of zero is what none of them sends."""
    said = request.headers.get("accept-encoding", "")
    return any(each.partition(";")[0].strip() == "gzip" for each in said.split(","))
