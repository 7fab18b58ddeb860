"""`/api/v1/streams/{id}/alerts`: tell viewers, and the overlay, of a tip or a subscription."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from libs.events import AlertKind, ChatAlert, RaiseAlert
from libs.events.chat import MAX_ALERT_KEY_CHARS
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_known_id
from services.gateway.chat.cleaning import clean_name, clean_text

router = APIRouter(prefix="/streams/{stream_id}/alerts", tags=["chat"])


class NewAlert(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=MAX_ALERT_KEY_CHARS)]
    """Of the alert, for example the id of a payment: it is told once, however often it is sent."""
    kind: AlertKind
    by: Annotated[str, Field(max_length=200)]
    """Who tipped or subscribed, as it is shown."""
    text: Annotated[str, Field(max_length=2000)] = ""
    amount: Annotated[str | None, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$")] = None
    currency: Annotated[str | None, Field(pattern=r"^[A-Z]{3}$")] = None
    """ISO 4217."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.amount is None) != (self.currency is None):
            raise ValueError("an amount has a currency, and a currency an amount")
        if self.kind == "tip" and self.amount is None:
            raise ValueError("a tip has an amount")
        return self


class Alert(BaseModel):
    key: str
    raised_at: datetime
    """When it was sent first."""


@router.post("", status_code=201, dependencies=[needs(Permission.ALERTS_WRITE)])
async def raise_alert(
    stream_id: str, body: NewAlert, response: Response, house: TheHouse, tenant: TheTenant
) -> Alert:
    """Tell all who watch, once: what is sent again under its key is answered 200, and not told."""
    check_known_id(stream_id)
    raised = await house.catalog.ask(
        RaiseAlert(
            tenant=tenant,
            stream=stream_id,
            key=body.key,
            by=clean_name(body.by),
            text=clean_text(body.text) if body.text else "",
            alert=ChatAlert(kind=body.kind, amount=body.amount, currency=body.currency),
        )
    )
    if not raised.is_new:
        response.status_code = 200
    return Alert(key=raised.key, raised_at=raised.raised_at)
