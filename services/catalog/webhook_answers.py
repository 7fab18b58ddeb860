"""What is answered of webhooks and of the log of public events."""

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.egress import Egress
from libs.events import (
    CancelWebhookReplay,
    CreateWebhook,
    CreateWebhookReplay,
    DeleteWebhook,
    DueDeliveries,
    GetWebhook,
    GetWebhookDelivery,
    GetWebhookReplay,
    ListPublicEvents,
    ListWebhookDeliveries,
    ListWebhookReplays,
    ListWebhooks,
    LoggedEvents,
    NoteKick,
    Nothing,
    PingWebhook,
    ReportWebhookDeliveries,
    RetryWebhookDelivery,
    RotateWebhookSecret,
    TakeWebhookDeliveries,
    UpdateWebhook,
    Webhook,
    WebhookDeliveries,
    WebhookDelivery,
    WebhookReplay,
    WebhookReplays,
    Webhooks,
    WebhookWithSecret,
)
from libs.public_events import ViewerKicked, WebhookTested, event_id
from services.catalog import (
    deliveries,
    delivery_list,
    delivery_reports,
    public_log,
    replays,
    sequencer,
    webhooks,
)
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.delivery_reports import DeliveryRules
from services.catalog.models import DeliveryRow, EventRow, WebhookRow

log = structlog.get_logger()

LOOK_S = 30.0
"""Looked at again after this long: another catalog may have died before it numbered its events."""
AWAY_S = 1.0
FORGET_S = 600.0


class WebhookAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        egress: Egress,
        rules: DeliveryRules,
    ) -> None:
        self._database = database
        self._clock = clock
        self._egress = egress
        self._rules = rules

    # --- webhooks -------------------------------------------------------------------

    async def list(self, ask: ListWebhooks) -> Webhooks:
        async with self._database.transaction(read_only=True) as tx:
            return Webhooks(webhooks=tuple(await webhooks.list_of(tx, ask.tenant)))

    async def get(self, ask: GetWebhook) -> Webhook:
        async with self._database.transaction(read_only=True) as tx:
            return await _show(tx, await webhooks.find(tx, ask.tenant, ask.webhook))

    async def create(self, ask: CreateWebhook) -> WebhookWithSecret:
        async with self._database.transaction() as tx:
            row = await webhooks.create(tx, ask, now=self._clock(), egress=self._egress)
            return WebhookWithSecret(webhook=await _show(tx, row), secret=row.secret)

    async def update(self, ask: UpdateWebhook) -> Webhook:
        async with self._database.transaction() as tx:
            row = await webhooks.update(tx, ask, now=self._clock(), egress=self._egress)
            return await _show(tx, row)

    async def rotate(self, ask: RotateWebhookSecret) -> WebhookWithSecret:
        async with self._database.transaction() as tx:
            row = await webhooks.rotate(tx, ask.tenant, ask.webhook, now=self._clock())
            return WebhookWithSecret(webhook=await _show(tx, row), secret=row.secret)

    async def delete(self, ask: DeleteWebhook) -> Nothing:
        async with self._database.transaction() as tx:
            await webhooks.delete(tx, ask)
        return Nothing()

    async def ping(self, ask: PingWebhook) -> WebhookDelivery:
        """The event is numbered at once, before the webhook is locked, as the sequencer does."""
        now = self._clock()
        event = WebhookTested(webhook=ask.webhook, test=now.isoformat())
        async with self._database.transaction() as tx:
            await public_log.add(tx, event, tenant=ask.tenant, now=now)
            while await sequencer.sequence(tx, now=now) == public_log.BATCH:
                pass  # there was a queue before it
            await webhooks.find_enabled(tx, ask.tenant, ask.webhook)
            query = (
                select(DeliveryRow)
                .join(EventRow, EventRow.number == DeliveryRow.event_number)
                .where(
                    EventRow.id == event_id(ask.tenant, event),
                    DeliveryRow.webhook_id == ask.webhook,
                )
            )
            return await delivery_list.show(tx, (await tx.execute(query)).scalar_one())

    # --- deliveries -----------------------------------------------------------------

    async def list_deliveries(self, ask: ListWebhookDeliveries) -> WebhookDeliveries:
        async with self._database.transaction(read_only=True) as tx:
            return await delivery_list.list_page(tx, ask)

    async def get_delivery(self, ask: GetWebhookDelivery) -> WebhookDelivery:
        async with self._database.transaction(read_only=True) as tx:
            return await delivery_list.get(tx, ask)

    async def retry(self, ask: RetryWebhookDelivery) -> WebhookDelivery:
        async with self._database.transaction() as tx:
            return await delivery_list.retry(tx, ask, now=self._clock())

    async def take(self, ask: TakeWebhookDeliveries) -> DueDeliveries:
        async with self._database.transaction() as tx:
            return await deliveries.take(tx, ask.limit, now=self._clock())

    async def report(self, ask: ReportWebhookDeliveries) -> Nothing:
        async with self._database.transaction() as tx:
            over = await delivery_reports.take(
                tx, ask.reports, now=self._clock(), rules=self._rules
            )
            await replays.go_on(tx, over, now=self._clock())
        return Nothing()

    # --- replays --------------------------------------------------------------------

    async def create_replay(self, ask: CreateWebhookReplay) -> WebhookReplay:
        async with self._database.transaction() as tx:
            return await replays.create(tx, ask, now=self._clock())

    async def list_replays(self, ask: ListWebhookReplays) -> WebhookReplays:
        async with self._database.transaction(read_only=True) as tx:
            return await replays.list_of(tx, ask)

    async def get_replay(self, ask: GetWebhookReplay) -> WebhookReplay:
        async with self._database.transaction(read_only=True) as tx:
            return await replays.get(tx, ask)

    async def cancel_replay(self, ask: CancelWebhookReplay) -> WebhookReplay:
        async with self._database.transaction() as tx:
            return await replays.cancel(tx, ask)

    # --- the log --------------------------------------------------------------------

    async def list_events(self, ask: ListPublicEvents) -> LoggedEvents:
        async with self._database.transaction(read_only=True) as tx:
            return await public_log.list_page(tx, ask)

    async def note_kick(self, ask: NoteKick) -> Nothing:
        event = ViewerKicked(stream=ask.stream, viewer=ask.viewer, kicked_at=ask.kicked_at)
        async with self._database.transaction() as tx:
            await public_log.add(tx, event, tenant=ask.tenant, now=self._clock())
        return Nothing()


async def _show(tx: AsyncSession, row: WebhookRow) -> Webhook:
    (shown,) = await webhooks.show(tx, [row])
    return shown
