"""The JSON that a route reads itself: how it is read, and how the OpenAPI document shows it."""

from typing import Any, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError

from services.gateway.api.item import read_item
from services.gateway.errors import ItemInvalid

M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request, model: type[M]) -> M:
    """Raises what `read_item` does, and `ItemInvalid`, which names a field, never its value."""
    item = await read_item(request)
    try:
        # From JSON, where a strict time is a string.
        return model.model_validate_json(orjson.dumps(item))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "The body"
        raise ItemInvalid(f"{where}: {first['msg']}.") from None


def body_of(model: type[BaseModel], *, is_required: bool = True) -> dict[str, Any]:
    """As `openapi_extra` of a route."""
    return as_body(inlined(model.model_json_schema()), is_required=is_required)


def as_body(schema: dict[str, Any], *, is_required: bool = True) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": is_required, "content": content}}


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Without definitions of its own, to which nothing within another document could refer."""
    known = schema.pop("$defs", {})

    def put_in(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" not in part:
                return {name: put_in(value) for name, value in part.items()}
            beside = {name: value for name, value in part.items() if name != "$ref"}
            return put_in(known[part["$ref"].rpartition("/")[2]]) | beside
        return [put_in(each) for each in part] if isinstance(part, list) else part

    whole: dict[str, Any] = put_in(schema)
    return whole
