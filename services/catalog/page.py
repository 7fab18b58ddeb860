"""Pages: a cursor that survives the deletion of its row, and answers that fit into a message."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import orjson
from pydantic import BaseModel

from services.catalog.errors import CursorInvalid

MAX_PAGE_BYTES = 700_000
"""The bus takes 1 MiB a message; the envelope and the page's own frame need some of it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Item = TypeVar("Item")


def write_cursor(at: datetime, key: str) -> str:
    """Where a page ordered by (time, key) ended: `<µs>~<key>`."""
    return f"{(at - _EPOCH) // _MICROSECOND}~{key}"


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The inverse of `write_cursor`. Raises `CursorInvalid`."""
    at, _, key = cursor.partition("~")
    try:
        return _EPOCH + int(at) * _MICROSECOND, key
    except (ValueError, OverflowError):
        raise CursorInvalid("`after` must be the `next_after` of an earlier page.") from None


def _size_of(item: object) -> int:
    """As it is said."""
    if isinstance(item, BaseModel):
        return len(item.model_dump_json())
    return len(orjson.dumps(item))


def fit(
    items: Iterable[Item], limit: int, *, at_most_bytes: int | None = None
) -> tuple[tuple[Item, ...], bool]:
    """The first `limit` items, or fewer if they would not fit into one message.

    Also says whether there are more. The first item is always kept. `at_most_bytes`: no item is
    larger, so that a few need not be weighed.
    """
    if at_most_bytes is not None:
        items = tuple(items)
        if len(items) * at_most_bytes <= MAX_PAGE_BYTES:
            return items[:limit], len(items) > limit
    kept: list[Item] = []
    size = 0
    for item in items:
        size += _size_of(item)
        if len(kept) == limit or (kept and size > MAX_PAGE_BYTES):
            return tuple(kept), True
        kept.append(item)
    return tuple(kept), False
