"""The API's document has a section of webhooks: each public event and its payload."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Header, Response
from pydantic import create_model

from libs.public_events import PUBLIC_EVENTS, PublicEvent

Id = Annotated[str, Header(alias="webhook-id")]
Timestamp = Annotated[str, Header(alias="webhook-timestamp")]
Signature = Annotated[str, Header(alias="webhook-signature")]
Sequence = Annotated[int, Header(alias="weir-sequence")]


def describe_webhooks(app: FastAPI) -> None:
    for kind in PUBLIC_EVENTS:
        app.webhooks.add_api_route(
            kind.type,
            _receiver(kind),
            methods=["POST"],
            name=kind.type,
            status_code=204,
            response_class=Response,
            tags=["public events"],
            summary=(kind.__doc__ or "").partition("\n")[0],
        )


def _receiver(kind: type[PublicEvent]) -> Any:
    fields: dict[str, Any] = {
        "type": (Literal[kind.type], ...),
        "version": (int, ...),
        "timestamp": (datetime, ...),
        "data": (kind, ...),
    }
    payload: Any = create_model(f"{kind.__name__}Payload", **fields)

    async def receive(
        event: payload,
        webhook_id: Id,
        webhook_timestamp: Timestamp,
        webhook_signature: Signature,
        weir_sequence: Sequence,
    ) -> None:
        """Answer 2xx within 15 s. Verify the signature (Standard Webhooks), and drop what has a
        `webhook-id` that you have.
        """

    return receive
