"""A request's JSON, read as one of the published input shapes."""

import json
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from services.gateway.api import bodies
from services.gateway.api.kvs.errors import invalid

Instant = AwareDatetime
"""Sent as Unix seconds or as ISO 8601."""
StreamName = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[a-zA-Z0-9_.-]+$")]


class Input(BaseModel):
    """One operation's input; what it does not know it ignores, as newer SDKs send more."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="ignore")


class OfStream(Input):
    """Names a stream by exactly one of both."""

    stream_name: StreamName | None = None
    stream_arn: str | None = Field(default=None, alias="StreamARN", max_length=1024)


Shape = TypeVar("Shape", bound=Input)


async def read(request: Request, shape: type[Shape]) -> Shape:
    """Raises `InvalidArgument`."""
    body = await request.body()
    try:
        fields = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise invalid("The body is no JSON.") from None
    return shaped(shape, fields)


def shaped(shape: type[Shape], fields: Any) -> Shape:
    """Raises `InvalidArgument`."""
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "The body"
        raise invalid(f"{where}: {first['msg']}.") from None


def body_of(shape: type[Input]) -> dict[str, Any]:
    """How the OpenAPI document shows it: without one, all is as it is by default."""
    return bodies.body_of(shape, is_required=False)
