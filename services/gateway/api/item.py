"""The body of a stream: a JSON object of the caller's own fields, kept as it was sent."""

import json
import math
import re
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.api.auth import has_api_key
from services.gateway.errors import BodyUnreadable, ItemInvalid, ItemTooLarge, UnsupportedType

MAX_ITEM_BYTES = 16 * 1024
"""A page of items must fit one message on the bus."""
MAX_DEPTH = 8
MAX_KEY_CHARS = 128
_MAX_INTEGER = 2**63
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")

Item = dict[str, Any]


async def read_item(request: Request) -> Item:
    """The request's body as a JSON object. Raises 400, 413, 415 or 422.

    A program with the API key may leave out the type, and may send what `curl -d` calls a form:
    published scripts do. `text/plain` never passes; a foreign page could send it.
    """
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_lenient = has_api_key(request) and sent in ("", "application/x-www-form-urlencoded")
    if sent != "application/json" and not is_lenient:
        raise UnsupportedType("Send the body with content-type: application/json.")
    try:
        body = await request.body()
    except ClientDisconnect as error:
        raise BodyUnreadable("The body did not arrive whole.") from error
    if len(body) > MAX_ITEM_BYTES:
        raise ItemTooLarge(f"The body of a stream has at most {MAX_ITEM_BYTES} bytes.")
    try:
        item = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable("The body is not JSON in UTF-8.") from error
    if not isinstance(item, dict):
        raise ItemInvalid("The body must be a JSON object.")
    _check(item, "", MAX_DEPTH)
    return item


def _check(value: object, at: str, depth: int) -> None:
    """Refuse what JSON can spell but the catalog, or the next reader, cannot keep exactly."""
    if depth == 0:
        raise ItemInvalid(f"{at or 'The body'} is nested more than {MAX_DEPTH} deep.")
    if isinstance(value, dict):
        for key, inner in value.items():
            if len(key) > MAX_KEY_CHARS:
                raise ItemInvalid(f"A field name has at most {MAX_KEY_CHARS} characters.")
            _check_text(key, "A field name")
            _check(inner, f"{at}.{key}".lstrip("."), depth - 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check(inner, f"{at}[{index}]", depth - 1)
    elif isinstance(value, str):
        _check_text(value, at)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ItemInvalid(f"{at} is not a finite number.")
    elif isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        raise ItemInvalid(f"{at} does not fit a 64-bit integer.")


def _check_text(text: str, at: str) -> None:
    if _UNKEEPABLE.search(text):
        raise ItemInvalid(f"{at} holds a NUL or half a surrogate pair.")
