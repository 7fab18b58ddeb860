"""`/api/v1/webhooks`: who is sent public events. What was sent is in `deliveries`."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from libs.events import (
    CreateWebhook,
    DeleteWebhook,
    DisabledCause,
    GetWebhook,
    ListWebhooks,
    PingWebhook,
    RotateWebhookSecret,
    UpdateWebhook,
    Webhook,
    WebhookWithSecret,
)
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.bodies import body_of, read_body
from services.gateway.api.deliveries import DeliveryView
from services.gateway.api.house import TheHouse

MAX_NAMED = 200
WebhookId = Annotated[str, Path(pattern="^webhook-[0-9a-f]{16}$")]
Named = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=MAX_NAMED)]
URL = Annotated[str, Field(min_length=1, max_length=2048)]
Description = Annotated[str, Field(max_length=500)]

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    url: URL
    """`https://…` or `http://…`; no address within this network."""
    types: Named = []
    """Of the events that it wants, by name or noun (`asset.*`); none: all."""
    streams: Named = []
    """Only events about these; none: all events."""
    description: Description = ""
    is_enabled: bool = True


class WebhookChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    url: URL | None = None
    types: Named | None = None
    streams: Named | None = None
    description: Description | None = None
    is_enabled: bool | None = None


class WebhookView(BaseModel):
    """A webhook, without its secret."""

    id: str
    url: str
    types: list[str]
    streams: list[str]
    description: str
    is_enabled: bool
    disabled_cause: DisabledCause | None
    """`failing`: it has only failed for days; `gone`: it answered 410."""
    created_at: datetime
    changed_at: datetime
    failing_since: datetime | None
    pending: int
    """Deliveries that are yet to be made."""
    dead: int
    """Dead letters: `deliveries?state=dead`."""


class WebhookSecretView(WebhookView):
    secret: str
    """`whsec_…`: what its deliveries are signed with. It is never shown again."""


class WebhookViews(BaseModel):
    webhooks: list[WebhookView]


@router.get("", dependencies=[needs(Permission.WEBHOOKS_READ)])
async def list_webhooks(house: TheHouse, tenant: TheTenant) -> WebhookViews:
    """All of them, oldest first."""
    found = await house.catalog.ask(ListWebhooks(tenant=tenant))
    return WebhookViews(webhooks=[_view(hook) for hook in found.webhooks])


@router.post(
    "",
    status_code=201,
    openapi_extra=body_of(NewWebhook),
    dependencies=[needs(Permission.WEBHOOKS_WRITE)],
)
async def create_webhook(
    request: Request, response: Response, house: TheHouse, tenant: TheTenant
) -> WebhookSecretView:
    """Send events to an address from now on. The answer has the secret, once."""
    body = await read_body(request, NewWebhook)
    made = await house.catalog.ask(CreateWebhook(tenant=tenant, **_asked(body)))
    response.headers["location"] = f"/api/v1/webhooks/{made.webhook.id}"
    return _with_secret(made)


@router.get("/{webhook_id}", dependencies=[needs(Permission.WEBHOOKS_READ)])
async def get_webhook(webhook_id: WebhookId, house: TheHouse, tenant: TheTenant) -> WebhookView:
    """One webhook, and how many deliveries wait or are dead."""
    return _view(await house.catalog.ask(GetWebhook(tenant=tenant, webhook=webhook_id)))


@router.patch(
    "/{webhook_id}",
    openapi_extra=body_of(WebhookChange),
    dependencies=[needs(Permission.WEBHOOKS_WRITE)],
)
async def update_webhook(
    webhook_id: WebhookId, request: Request, house: TheHouse, tenant: TheTenant
) -> WebhookView:
    """Change, enable or disable it. What was pending when it was disabled goes on when it is
    enabled; what happened meanwhile is to be had by a replay.
    """
    body = await read_body(request, WebhookChange)
    ask = UpdateWebhook(tenant=tenant, webhook=webhook_id, **_asked(body))
    return _view(await house.catalog.ask(ask))


@router.delete("/{webhook_id}", status_code=204, dependencies=[needs(Permission.WEBHOOKS_WRITE)])
async def delete_webhook(webhook_id: WebhookId, house: TheHouse, tenant: TheTenant) -> None:
    """Send it nothing more, and forget what was sent."""
    await house.catalog.ask(DeleteWebhook(tenant=tenant, webhook=webhook_id))


@router.post("/{webhook_id}/rotate", dependencies=[needs(Permission.WEBHOOKS_WRITE)])
async def rotate_webhook_secret(
    webhook_id: WebhookId, house: TheHouse, tenant: TheTenant
) -> WebhookSecretView:
    """Make a new secret. For a day the one before signs beside it."""
    ask = RotateWebhookSecret(tenant=tenant, webhook=webhook_id)
    return _with_secret(await house.catalog.ask(ask))


@router.post("/{webhook_id}/test", status_code=202, dependencies=[needs(Permission.WEBHOOKS_WRITE)])
async def test_webhook(webhook_id: WebhookId, house: TheHouse, tenant: TheTenant) -> DeliveryView:
    """Send it `webhook.tested` now; the delivery says what comes of it."""
    ask = PingWebhook(tenant=tenant, webhook=webhook_id)
    return DeliveryView.of(await house.catalog.ask(ask))


def _asked(body: NewWebhook | WebhookChange) -> dict[str, Any]:
    """As the catalog is asked: it says lists as tuples."""
    said = body.model_dump()
    return {name: tuple(each) if isinstance(each, list) else each for name, each in said.items()}


def _view(hook: Webhook) -> WebhookView:
    return WebhookView.model_validate(hook.model_dump())


def _with_secret(made: WebhookWithSecret) -> WebhookSecretView:
    return WebhookSecretView.model_validate(made.webhook.model_dump() | {"secret": made.secret})
