"""The one range of bytes that a request asks for (RFC 9110, section 14.2)."""

import re

from services.gateway.errors import RangeWrong

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


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
