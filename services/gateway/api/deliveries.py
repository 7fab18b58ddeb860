"""`/api/v1/webhooks/{id}/deliveries` and `…/replays`: what was sent, and sending it again.

What a receiver answered is text from outside: it is only ever a string in JSON.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from libs.events import (
    CancelWebhookReplay,
    CreateWebhookReplay,
    DeliveryState,
    GetWebhookDelivery,
    GetWebhookReplay,
    ListWebhookDeliveries,
    ListWebhookReplays,
    ReplayState,
    RetryWebhookDelivery,
    WebhookDelivery,
    WebhookReplay,
)
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.bodies import body_of, read_body
from services.gateway.api.house import TheHouse

PAGE_DELIVERIES = 200
MAX_NUMBER = 2**63 - 1
WebhookId = Annotated[str, Path(pattern="^webhook-[0-9a-f]{16}$")]
DeliveryId = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
ReplayId = Annotated[str, Path(pattern="^replay-[0-9a-f]{16}$")]
Sequence = Annotated[int, Field(ge=0, le=MAX_NUMBER)]

router = APIRouter(prefix="/webhooks/{webhook_id}", tags=["webhooks"])


class AttemptView(BaseModel):
    """One sending."""

    number: int
    sent_at: datetime
    duration_ms: int
    status: int | None
    """Of the answer; null: there was none."""
    error_code: str | None
    """`answered_with_error`, `redirected`, `egress_refused`, `egress_unresolved`, `fetch_failed`;
    null: it was taken."""
    error: str | None
    """The same as a sentence."""
    answer: str
    """How the answer's body begins (1,024 characters); lists leave it out."""


class DeliveryView(BaseModel):
    """One event on its way to one webhook."""

    id: int
    event: str
    """What the receiver got as `webhook-id`."""
    sequence: int
    """Of the event in the log: a replay may begin there."""
    type: str
    stream: str | None
    state: DeliveryState
    """`pending`, `delivered`, or `dead` once all tries have failed."""
    replay: str | None
    failures: int
    due_at: datetime | None
    """When it is tried next."""
    created_at: datetime
    updated_at: datetime
    attempts: list[AttemptView]
    """Oldest first."""

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> "DeliveryView":
        return cls.model_validate(delivery.model_dump(exclude={"webhook"}))


class DeliveryViews(BaseModel):
    deliveries: list[DeliveryView]
    next_after: int | None


class NewReplay(BaseModel):
    """Which part of the log is sent again; it begins at one of `from_sequence` and `from_at`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    from_sequence: Sequence | None = None
    from_at: AwareDatetime | None = None
    until_sequence: Sequence | None = None
    """The last one; default: the newest of now."""


class ReplayView(BaseModel):
    """A part of the log that is sent again."""

    id: str
    state: ReplayState
    first_sequence: int
    last_sequence: int
    progress: float
    """0 to 1."""
    pending: int
    delivered: int
    dead: int
    created_at: datetime


class ReplayViews(BaseModel):
    replays: list[ReplayView]


@router.get("/deliveries", dependencies=[needs(Permission.WEBHOOKS_READ)])
async def list_deliveries(
    webhook_id: WebhookId,
    house: TheHouse,
    tenant: TheTenant,
    state: DeliveryState | None = None,
    event: Annotated[str | None, Query(max_length=64)] = None,
    replay: Annotated[str | None, Query(max_length=64)] = None,
    after: Annotated[int | None, Query(ge=0, le=MAX_NUMBER)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_DELIVERIES)] = 100,
) -> DeliveryViews:
    """A page of what was and will be sent, newest first; `state=dead` are the dead letters."""
    ask = ListWebhookDeliveries(
        tenant=tenant,
        webhook=webhook_id,
        state=state,
        event=event,
        replay=replay,
        after=after,
        limit=limit,
    )
    page = await house.catalog.ask(ask)
    shown = [DeliveryView.of(delivery) for delivery in page.deliveries]
    return DeliveryViews(deliveries=shown, next_after=page.next_after)


@router.get("/deliveries/{delivery_id}", dependencies=[needs(Permission.WEBHOOKS_READ)])
async def get_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, house: TheHouse, tenant: TheTenant
) -> DeliveryView:
    """One delivery, its attempts, and what they were answered."""
    ask = GetWebhookDelivery(tenant=tenant, webhook=webhook_id, delivery=delivery_id)
    return DeliveryView.of(await house.catalog.ask(ask))


@router.post(
    "/deliveries/{delivery_id}/retry",
    status_code=202,
    dependencies=[needs(Permission.WEBHOOKS_WRITE)],
)
async def retry_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, house: TheHouse, tenant: TheTenant
) -> DeliveryView:
    """Send it now, whatever came of it before. A dead letter gets all its tries again."""
    ask = RetryWebhookDelivery(tenant=tenant, webhook=webhook_id, delivery=delivery_id)
    return DeliveryView.of(await house.catalog.ask(ask))


@router.post(
    "/replays",
    status_code=202,
    openapi_extra=body_of(NewReplay),
    dependencies=[needs(Permission.WEBHOOKS_WRITE)],
)
async def create_replay(
    webhook_id: WebhookId, request: Request, response: Response, house: TheHouse, tenant: TheTenant
) -> ReplayView:
    """Send again what the webhook wants of a part of the log, with the same `webhook-id`s."""
    body = await read_body(request, NewReplay)
    ask = CreateWebhookReplay(tenant=tenant, webhook=webhook_id, **body.model_dump())
    made = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/webhooks/{webhook_id}/replays/{made.id}"
    return _replay(made)


@router.get("/replays", dependencies=[needs(Permission.WEBHOOKS_READ)])
async def list_replays(webhook_id: WebhookId, house: TheHouse, tenant: TheTenant) -> ReplayViews:
    """The newest fifty."""
    ask = ListWebhookReplays(tenant=tenant, webhook=webhook_id)
    return ReplayViews(replays=[_replay(each) for each in (await house.catalog.ask(ask)).replays])


@router.get("/replays/{replay_id}", dependencies=[needs(Permission.WEBHOOKS_READ)])
async def get_replay(
    webhook_id: WebhookId, replay_id: ReplayId, house: TheHouse, tenant: TheTenant
) -> ReplayView:
    """How far it is."""
    ask = GetWebhookReplay(tenant=tenant, webhook=webhook_id, replay=replay_id)
    return _replay(await house.catalog.ask(ask))


@router.delete("/replays/{replay_id}", dependencies=[needs(Permission.WEBHOOKS_WRITE)])
async def cancel_replay(
    webhook_id: WebhookId, replay_id: ReplayId, house: TheHouse, tenant: TheTenant
) -> ReplayView:
    """Send no more of it; one that is over stays as it is."""
    ask = CancelWebhookReplay(tenant=tenant, webhook=webhook_id, replay=replay_id)
    return _replay(await house.catalog.ask(ask))


def _replay(replay: WebhookReplay) -> ReplayView:
    return ReplayView.model_validate(replay.model_dump(exclude={"webhook"}))
