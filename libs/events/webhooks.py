"""Webhooks: who is sent public events, each delivery, and what is asked about them.

Secrets and addresses stand in no fact: whoever delivers gets them in an answer, which is never
stored.
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message
from libs.events.rows import Row

DeliveryState = Literal["pending", "delivered", "dead"]
"""`dead`: all its tries have failed."""
DisabledCause = Literal["operator", "failing", "gone"]
"""`failing`: it has only failed for days; `gone`: it answered so (410)."""
ReplayState = Literal["running", "completed", "cancelled"]
MAX_TAKEN = 64
"""With what they were answered, so many fit one message."""
MAX_ANSWER_CHARS = 1024


# --- webhooks ---------------------------------------------------------------------------


class Webhook(Answer):
    """An address that is sent public events."""

    id: str
    tenant: str
    url: str = Field(repr=False)
    types: tuple[str, ...]
    """By name or noun (`asset.*`); none: all."""
    streams: tuple[str, ...]
    """Only events about these; none: all events."""
    description: str
    is_enabled: bool
    disabled_cause: DisabledCause | None = None
    created_at: datetime
    changed_at: datetime
    failing_since: datetime | None = None
    """Since when nothing was delivered, though it was tried; None: the last try was good."""
    pending: int = 0
    """Deliveries that are yet to be made."""
    dead: int = 0
    """Dead letters."""


class Webhooks(Answer):
    webhooks: tuple[Webhook, ...]


class WebhookWithSecret(Answer):
    webhook: Webhook
    secret: str = Field(repr=False)
    """`whsec_…`; shown once."""


class ListWebhooks(Ask[Webhooks]):
    """All of a tenant, oldest first."""

    name: ClassVar[str] = "catalog.webhook.list"
    answer: ClassVar[type[Answer]] = Webhooks

    tenant: str


class GetWebhook(Ask[Webhook]):
    """One webhook. Errors: `webhook_unknown`."""

    name: ClassVar[str] = "catalog.webhook.get"
    answer: ClassVar[type[Answer]] = Webhook

    tenant: str
    webhook: str


class CreateWebhook(Ask[WebhookWithSecret]):
    """Errors: `egress_refused`, `event_type_unknown`, `webhook_invalid`, `webhooks_too_many`."""

    name: ClassVar[str] = "catalog.webhook.create"
    answer: ClassVar[type[Answer]] = WebhookWithSecret

    tenant: str
    url: str = Field(repr=False)
    types: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    description: str = ""
    is_enabled: bool = True


class UpdateWebhook(Ask[Webhook]):
    """Set what is not None. Errors: as for create, and `webhook_unknown`."""

    name: ClassVar[str] = "catalog.webhook.update"
    answer: ClassVar[type[Answer]] = Webhook

    tenant: str
    webhook: str
    url: str | None = Field(default=None, repr=False)
    types: tuple[str, ...] | None = None
    streams: tuple[str, ...] | None = None
    description: str | None = None
    is_enabled: bool | None = None


class RotateWebhookSecret(Ask[WebhookWithSecret]):
    """Sign with a new secret, and for a day with the old one, too. Errors: `webhook_unknown`."""

    name: ClassVar[str] = "catalog.webhook.rotate"
    answer: ClassVar[type[Answer]] = WebhookWithSecret

    tenant: str
    webhook: str


class DeleteWebhook(Ask[Nothing]):
    """With its deliveries. Errors: `webhook_unknown`."""

    name: ClassVar[str] = "catalog.webhook.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    webhook: str


# --- deliveries -------------------------------------------------------------------------


class DeliveryAttempt(Row):
    """One sending, and what came of it."""

    number: int
    sent_at: datetime
    duration_ms: int
    status: int | None = None
    """Of the answer; None: there was none."""
    error_code: str | None = None
    """None: it was taken."""
    error: str | None = None
    """The same as a sentence."""
    answer: str = ""
    """How the answer's body begins: text of whoever answered, and not to be trusted."""


class WebhookDelivery(Answer):
    """One event on its way to one webhook."""

    id: int
    webhook: str
    event: str
    """Its id: the header `webhook-id`."""
    sequence: int
    """Of the event in the log."""
    type: str
    stream: str | None
    state: DeliveryState
    replay: str | None
    """Of which replay it is."""
    failures: int
    """Tries that failed since it became pending."""
    due_at: datetime | None
    """When it is tried next; None: it is not."""
    created_at: datetime
    updated_at: datetime
    attempts: tuple[DeliveryAttempt, ...] = ()
    """Oldest first."""


class WebhookDeliveries(Answer):
    deliveries: tuple[WebhookDelivery, ...]
    next_after: int | None = None


class ListWebhookDeliveries(Ask[WebhookDeliveries]):
    """Newest first, without answers. Errors: `webhook_unknown`."""

    name: ClassVar[str] = "catalog.webhook_delivery.list"
    answer: ClassVar[type[Answer]] = WebhookDeliveries

    tenant: str
    webhook: str
    state: DeliveryState | None = None
    event: str | None = None
    replay: str | None = None
    after: int | None = None
    limit: int = Field(default=100, ge=1, le=200)


class GetWebhookDelivery(Ask[WebhookDelivery]):
    """One delivery and all its attempts. Errors: `webhook_delivery_unknown`."""

    name: ClassVar[str] = "catalog.webhook_delivery.get"
    answer: ClassVar[type[Answer]] = WebhookDelivery

    tenant: str
    webhook: str
    delivery: int


class RetryWebhookDelivery(Ask[WebhookDelivery]):
    """Try it now, whatever came of it before; one that was over gets all its tries again.

    Errors: `webhook_delivery_unknown`, `webhook_disabled`.
    """

    name: ClassVar[str] = "catalog.webhook_delivery.retry"
    answer: ClassVar[type[Answer]] = WebhookDelivery

    tenant: str
    webhook: str
    delivery: int


class PingWebhook(Ask[WebhookDelivery]):
    """Send it `webhook.tested` now. Errors: `webhook_unknown`, `webhook_disabled`."""

    name: ClassVar[str] = "catalog.webhook.ping"
    answer: ClassVar[type[Answer]] = WebhookDelivery

    tenant: str
    webhook: str


# --- replays ----------------------------------------------------------------------------


class WebhookReplay(Answer):
    """A range of the log that is sent to a webhook again."""

    id: str
    webhook: str
    state: ReplayState
    first_sequence: int
    last_sequence: int
    progress: float
    """0 to 1: how much of the range was delivered, or given up."""
    pending: int
    delivered: int
    dead: int
    created_at: datetime


class WebhookReplays(Answer):
    replays: tuple[WebhookReplay, ...]


class CreateWebhookReplay(Ask[WebhookReplay]):
    """Send again what the webhook wants of the log, with the same ids.

    Errors: `webhook_unknown`, `webhook_disabled`, `webhook_replay_invalid`,
    `webhook_replays_too_many`.
    """

    name: ClassVar[str] = "catalog.webhook_replay.create"
    answer: ClassVar[type[Answer]] = WebhookReplay

    tenant: str
    webhook: str
    from_sequence: int | None = None
    from_at: datetime | None = None
    """One of both; what is older than the log begins with it."""
    until_sequence: int | None = None
    """None: what is in the log now."""


class ListWebhookReplays(Ask[WebhookReplays]):
    """The newest of a webhook. Errors: `webhook_unknown`."""

    name: ClassVar[str] = "catalog.webhook_replay.list"
    answer: ClassVar[type[Answer]] = WebhookReplays

    tenant: str
    webhook: str


class GetWebhookReplay(Ask[WebhookReplay]):
    """One replay. Errors: `webhook_replay_unknown`."""

    name: ClassVar[str] = "catalog.webhook_replay.get"
    answer: ClassVar[type[Answer]] = WebhookReplay

    tenant: str
    webhook: str
    replay: str


class CancelWebhookReplay(Ask[WebhookReplay]):
    """Send no more of it. Errors: `webhook_replay_unknown`."""

    name: ClassVar[str] = "catalog.webhook_replay.cancel"
    answer: ClassVar[type[Answer]] = WebhookReplay

    tenant: str
    webhook: str
    replay: str


# --- between catalog and dispatcher -----------------------------------------------------


class DueDelivery(Row):
    """A delivery that the asker makes now."""

    delivery: int
    attempt: int
    """Counts how often it was taken."""
    webhook: str
    url: str = Field(repr=False)
    secrets: tuple[str, ...] = Field(repr=False)
    """That sign it, the newest first."""
    event: str
    sequence: int
    type: str
    body: str
    """To be sent as it is."""
    traceparent: str | None = None
    """Of what made the event true."""


class DueDeliveries(Answer):
    due: tuple[DueDelivery, ...]
    wait_s: float
    """When it is worth while to ask again, unless `webhook_deliveries.due` is said before."""


class TakeWebhookDeliveries(Ask[DueDeliveries]):
    """What is due; of one webhook a few at a time. What is not reported on is due again."""

    name: ClassVar[str] = "catalog.webhook_delivery.take"
    answer: ClassVar[type[Answer]] = DueDeliveries

    limit: int = Field(ge=1, le=MAX_TAKEN)


class DeliveryReport(Row):
    """What came of one attempt."""

    delivery: int
    attempt: int
    sent_at: datetime
    duration_ms: int
    status: int | None = None
    error_code: str | None = None
    """None: it was taken."""
    error: str | None = None
    answer: str = Field(default="", max_length=MAX_ANSWER_CHARS)
    retry_after_s: float | None = None
    """The receiver asks to be left alone for so long."""


class ReportWebhookDeliveries(Ask[Nothing]):
    """What came of deliveries; said twice it counts once."""

    name: ClassVar[str] = "catalog.webhook_delivery.report"
    answer: ClassVar[type[Answer]] = Nothing

    reports: tuple[DeliveryReport, ...] = Field(min_length=1, max_length=MAX_TAKEN)


class WebhookDeliveriesDue(Message):
    """There is something to deliver; said to all dispatchers, never stored."""

    name: ClassVar[str] = "catalog.webhook_deliveries.due"

    number: int

    def natural_key(self) -> str:
        return str(self.number)

    def about(self) -> str:
        return "webhooks"
