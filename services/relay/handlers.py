"""The bus's side of the relay: offers come in, and news of what is not wanted any more."""

from libs.bus import Bus
from libs.events import (
    DeliveryReport,
    DueDeliveries,
    Envelope,
    OpenRelay,
    RelayGrant,
    RelayRequested,
    RelayTargetChanged,
    ReportWebhookDeliveries,
    SessionEnded,
    StreamPublished,
    TakeWebhookDeliveries,
    WebhookDeliveriesDue,
)
from services.relay.dispatcher import Dispatcher
from services.relay.relays import Relays


def register(bus: Bus, relays: Relays) -> None:
    @bus.on_offer(RelayRequested, durable="relay")
    async def take(envelope: Envelope[RelayRequested]) -> bool:
        return await relays.take(envelope.data)

    @bus.watch_fact(RelayTargetChanged)
    async def on_target_changed(envelope: Envelope[RelayTargetChanged]) -> None:
        relays.target_changed(envelope.data.target)

    @bus.watch_fact(StreamPublished)
    async def on_published(envelope: Envelope[StreamPublished]) -> None:
        relays.session_changed(envelope.data.session)

    @bus.watch_fact(SessionEnded)
    async def on_session_ended(envelope: Envelope[SessionEnded]) -> None:
        relays.session_changed(envelope.data.session)


def register_webhooks(bus: Bus, dispatcher: Dispatcher) -> None:
    @bus.watch_fact(WebhookDeliveriesDue)
    async def on_due(_: Envelope[WebhookDeliveriesDue]) -> None:
        dispatcher.wake()


async def take_deliveries(bus: Bus, limit: int) -> DueDeliveries:
    return await bus.ask(TakeWebhookDeliveries(limit=limit))


async def report_deliveries(bus: Bus, reports: tuple[DeliveryReport, ...]) -> None:
    await bus.ask(ReportWebhookDeliveries(reports=reports))


async def ask_grant(bus: Bus, order: RelayRequested) -> RelayGrant:
    """Raises the catalog's `relay_unwanted` (404), or what means that it is away."""
    return await bus.ask(OpenRelay(session=order.session, target=order.target))
