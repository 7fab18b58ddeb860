"""A file, or the one range of it that is asked for (RFC 9110, section 14.2)."""

import re
from collections.abc import AsyncIterator, Callable, Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from libs.storage import ObjectStore
from services.gateway.errors import RangeWrong

CHUNK_BYTES = 4 << 20
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)

Read = Callable[[int, int], AsyncIterator[bytes]]
"""The bytes from the first to the last, both of them included."""


def ranged(
    request: Request, size: int, media_type: str, read: Read, headers: Mapping[str, str]
) -> Response:
    """The answer to `request`. Raises `RangeWrong`."""
    first, last = read_range(request.headers.get("range"), size)
    told = {**headers, "accept-ranges": "bytes", "content-length": str(last - first + 1)}
    status = 200
    if last - first + 1 != size:
        status = 206
        told["content-range"] = f"bytes {first}-{last}/{size}"
    if request.method == "HEAD":
        return Response(status_code=status, media_type=media_type, headers=told)
    return StreamingResponse(
        read(first, last), status_code=status, media_type=media_type, headers=told
    )


def read_range(asked: str | None, size: int) -> tuple[int, int]:
    """First and last byte. Raises `RangeWrong`."""
    wanted = _RANGE.fullmatch(asked) if asked else None
    if wanted is None or wanted.groups() == ("", ""):
        return 0, size - 1  # several ranges, or another unit: the whole is a lawful answer
    begin, end = wanted.groups()
    first = int(begin) if begin else max(0, size - int(end))
    last = min(int(end), size - 1) if begin and end else size - 1
    if first > last:
        raise RangeWrong(f"The file has {size} bytes.")
    return first, last


def of_object(store: ObjectStore, key: str) -> Read:
    """Reads an object of the store, a chunk at a time."""

    async def read(first: int, last: int) -> AsyncIterator[bytes]:
        for offset in range(first, last + 1, CHUNK_BYTES):
            size = min(CHUNK_BYTES, last + 1 - offset)
            yield await store.get(key, offset=offset, size=size)

    return read
