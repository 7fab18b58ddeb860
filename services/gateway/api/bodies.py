"""How the OpenAPI document shows the JSON that a route reads itself."""

from typing import Any

from pydantic import BaseModel


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
