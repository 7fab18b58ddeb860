"""Webhooks of a catalog without its bus: what is asked about them, and a dispatcher by hand."""

import ipaddress
from datetime import timedelta
from typing import Any

from libs.egress import Egress
from libs.events import (
    CreateWebhook,
    DeliveryReport,
    DueDelivery,
    GetWebhook,
    GetWebhookDelivery,
    ListPublicEvents,
    ListWebhookDeliveries,
    LoggedEvent,
    Message,
    ReportWebhookDeliveries,
    TakeWebhookDeliveries,
    Webhook,
    WebhookDelivery,
)
from libs.names import DEFAULT_TENANT
from services.catalog.delivery_reports import DeliveryRules
from services.catalog.sequencer import Sequencer
from services.catalog.webhook_answers import WebhookAnswers
from tests.integration.catalog.conftest import Catalog

URL = "https://hooks.example/weir"
RETRIES_S = (5.0, 300.0)


class Hooked:
    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.said: list[Message] = []

        async def broadcast(message: Message) -> None:
            self.said.append(message)

        self.answers = WebhookAnswers(
            catalog.database,
            catalog.clock,
            egress=Egress([ipaddress.ip_network("127.0.0.0/8")]),
            rules=DeliveryRules(RETRIES_S, timedelta(days=5), uniform=lambda low, high: 1.0),
        )
        self.sequencer = Sequencer(
            catalog.database, catalog.clock, kept=timedelta(days=30), broadcast=broadcast
        )

    async def add(self, url: str = URL, **more: Any) -> Webhook:
        self.catalog.clock.pass_s(1)
        made = await self.answers.create(CreateWebhook(tenant=DEFAULT_TENANT, url=url, **more))
        return made.webhook

    async def look(self, hook: Webhook) -> Webhook:
        return await self.answers.get(GetWebhook(tenant=DEFAULT_TENANT, webhook=hook.id))

    async def events(self, after: int = 0, **more: Any) -> list[LoggedEvent]:
        """What the log has, once all is numbered."""
        await self.sequencer.sequence()
        ask = ListPublicEvents(tenant=DEFAULT_TENANT, after=after, **more)
        return list((await self.answers.list_events(ask)).events)

    async def take(self, limit: int = 64) -> list[DueDelivery]:
        await self.sequencer.sequence()
        return list((await self.answers.take(TakeWebhookDeliveries(limit=limit))).due)

    async def report(self, *due: DueDelivery, status: int | None = 204, **more: Any) -> None:
        is_good = status is not None and 200 <= status < 300
        reports = [
            DeliveryReport(
                delivery=each.delivery,
                attempt=each.attempt,
                sent_at=self.catalog.clock(),
                duration_ms=7,
                status=status,
                error_code=None if is_good else "refused",
                error=None if is_good else "It answered with an error.",
                **more,
            )
            for each in due
        ]
        await self.answers.report(ReportWebhookDeliveries(reports=tuple(reports)))

    async def deliveries(self, hook: Webhook, **more: Any) -> list[WebhookDelivery]:
        ask = ListWebhookDeliveries(tenant=DEFAULT_TENANT, webhook=hook.id, **more)
        return list((await self.answers.list_deliveries(ask)).deliveries)

    async def delivery(self, hook: Webhook, number: int) -> WebhookDelivery:
        ask = GetWebhookDelivery(tenant=DEFAULT_TENANT, webhook=hook.id, delivery=number)
        return await self.answers.get_delivery(ask)
