"""What every public event is: a type, its version, when it happened, and data of its own.

A public event is told to people and programs outside: by webhooks and as server-sent events. Its
model is written for them, field by field, and never holds a secret. Grammar of types, as of facts:
``<noun>.<past participle>``. Fields may be added; any other change is a new type.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class PublicEvent(BaseModel):
    """The data of one event."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: ClassVar[str]
    version: ClassVar[int] = 1

    def key(self) -> str:
        """What makes two the same event; unique within the type and the tenant."""
        raise NotImplementedError

    def about(self) -> str | None:
        """The stream that it is about; None: none."""
        return getattr(self, "stream", None)


def event_id(tenant: str, event: PublicEvent) -> str:
    """The same for the same event: receivers drop what they have by it (`webhook-id`)."""
    digest = hashlib.sha256(f"{tenant}\n{event.type}\n{event.key()}".encode())
    return f"evt_{digest.hexdigest()[:32]}"


def payload(type_: str, at: datetime, data: dict[str, Any], *, version: int = 1) -> dict[str, Any]:
    """What is sent of an event; the same at each sending."""
    timestamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": type_, "version": version, "timestamp": timestamp, "data": data}
