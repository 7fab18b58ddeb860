"""Wires the catalog: database, bus, and the loops that keep truth and world together."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta

from nats.errors import Error as NATSError
from nats.js.errors import Error as JetStreamError

from libs.bus import Bus, BusUnavailable, LeaseRecord
from libs.egress import Egress
from libs.ending import end
from libs.service import Service
from libs.settings import SettingsInvalid
from services.catalog.access_answers import AccessAnswers
from services.catalog.answers import Answers
from services.catalog.asset_answers import AssetAnswers
from services.catalog.audit import OldAudit
from services.catalog.beats import LeaseBeats
from services.catalog.chat_answers import ChatAnswers
from services.catalog.chat_log import ChatLog
from services.catalog.clock import now_utc
from services.catalog.database import Database
from services.catalog.database_answers import DatabaseAnswers
from services.catalog.deleting import Deleting
from services.catalog.delivery_reports import DeliveryRules
from services.catalog.dispatch import Dispatch
from services.catalog.domain_answers import DomainAnswers
from services.catalog.facts import Facts
from services.catalog.handlers import (
    register_access,
    register_asks,
    register_assets,
    register_chat,
    register_database,
    register_domains,
    register_facts,
    register_moves,
    register_tenants,
    register_uploads,
    register_webhooks,
)
from services.catalog.heard_leases import HeardLeases, Tell
from services.catalog.holders import Holders
from services.catalog.idle_ladders import IdleLadders
from services.catalog.ingests import Ingests
from services.catalog.job_watch import JobWatch
from services.catalog.lease_sweep import LeaseSweep
from services.catalog.migrate import wait_for_schema
from services.catalog.motion import MotionFiles
from services.catalog.old_jobs import OldJobs
from services.catalog.old_messages import OldMessages
from services.catalog.outbox import OutboxRelay
from services.catalog.reconcile import Ingest, Reconcile
from services.catalog.recorder import Recorder
from services.catalog.retention import Retention, Room, Rules
from services.catalog.sequencer import Sequencer
from services.catalog.settings import CatalogSettings
from services.catalog.tenant_answers import TenantAnswers
from services.catalog.tiering import Tiering, TierRules
from services.catalog.upload_answers import UploadAnswers
from services.catalog.upload_rules import UploadRules
from services.catalog.webhook_answers import WebhookAnswers


def build_app(settings: CatalogSettings | None = None) -> Service:
    settings = settings or CatalogSettings()
    push_secret = settings.push_secret.get_secret_value()
    if not push_secret:
        raise SettingsInvalid("WEIR_PUSH_SECRET is not set: `weir up` and `weir init` make one.")
    bus = Bus(
        settings.nats_url,
        source=f"catalog/{settings.instance}",
        token=settings.nats_token.get_secret_value() if settings.nats_token else None,
        provisions=True,
    )
    service = Service("catalog", settings, bus=bus)
    database = Database(settings.url)
    database.hold()
    recorder = Recorder(database, now_utc)
    facts = Facts(database, now_utc, on_rows=recorder.note_rows, on_change=recorder.note)
    register_facts(bus, facts)
    room = Room()
    ingests = Ingests(settings.internal_token.get_secret_value())
    holders = Holders(lambda: _list_ingests(bus), ingests.held_by)
    answers = Answers(
        database,
        now_utc,
        push_secret=push_secret,
        has_let_go=holders.has_let_go,
        egress=Egress(settings.egress_allow),
        litter_after_s=settings.job_litter_s,
        room=room,
        ladder_idle_s=settings.ladder_idle_s,
    )
    register_asks(bus, answers)
    rules = Rules(
        hours=settings.retention_hours,
        max_bytes=settings.store_max_bytes,
        min_free_bytes=settings.store_min_free_bytes,
        grace=timedelta(seconds=settings.discard_after_s),
    )
    tier_rules = TierRules(settings.cold_after_hours, timedelta(seconds=settings.tier_turn_s))
    register_moves(bus, Tiering(database, now_utc, tier_rules, room=room, retention=rules))
    retention = Retention(database, now_utc, rules, room)
    egress = Egress(settings.egress_allow)
    uploads = UploadAnswers(database, now_utc, _upload_rules(settings), egress=egress)
    register_uploads(bus, uploads)
    assets = AssetAnswers(
        database, now_utc, grace=rules.grace, quota_bytes=settings.upload_quota_bytes
    )
    register_assets(bus, assets)
    register_access(bus, AccessAnswers(database, now_utc))
    register_tenants(bus, TenantAnswers(database, now_utc))
    register_database(bus, DatabaseAnswers(database))
    register_domains(bus, DomainAnswers(database, now_utc))
    hooks = WebhookAnswers(database, now_utc, egress=egress, rules=_delivery_rules(settings))
    register_webhooks(bus, hooks)
    register_chat(bus, ChatAnswers(database, now_utc), ChatLog(database))
    _keep_up(service, settings, database, ingests, retention, recorder, uploads, assets)
    service.ready_when(lambda: f"database: {database.trouble}" if database.trouble else None)
    service.ready_when(lambda: None if bus.is_connected else "the bus is away")
    return service


def _keep_up(
    service: Service,
    settings: CatalogSettings,
    database: Database,
    ingests: Ingests,
    retention: Retention,
    recorder: Recorder,
    uploads: UploadAnswers,
    assets: AssetAnswers,
) -> None:
    """The loops that go on until the service stops."""
    bus = service.bus
    relay = OutboxRelay(database, bus.publish)
    leases = HeardLeases(lambda tell: _watch_leases(bus, tell), lambda key: _read_lease(bus, key))
    dispatch = Dispatch(database, LeaseBeats(leases.get), now_utc)
    job_watch = JobWatch(database, LeaseBeats(leases.get), now_utc)
    sweep = LeaseSweep(database, _Leases(bus), now_utc)
    idle_ladders = IdleLadders(database, now_utc, idle_s=settings.ladder_idle_s)
    reconcile = Reconcile(
        database,
        lambda: _list_ingests(bus),
        ingests.held_by,
        now_utc,
        gone_after_s=settings.ingest_gone_s,
    )
    old_jobs = OldJobs(database, now_utc, hours=settings.job_retention_hours)
    old_audit = OldAudit(database, now_utc, days=settings.audit_days)
    deleting = Deleting(database, now_utc)
    old_messages = OldMessages(database, now_utc, hours=settings.chat_hours)
    motion_files = MotionFiles(database, now_utc, settled_s=settings.motion_settled_s)

    kept = timedelta(hours=settings.event_retention_hours)
    sequencer = Sequencer(database, now_utc, kept=kept, broadcast=bus.broadcast)

    loops: list[asyncio.Task[None]] = []

    async def start() -> None:
        # The bus is listening already; what comes before the schema waits in our handlers.
        await wait_for_schema(settings.url, migrates=settings.migrate)
        database.open()
        loops.append(service.spawn(relay.run(), name="outbox"))
        loops.append(service.spawn(leases.run(), name="leases"))
        loops.append(service.spawn(dispatch.run(settings.dispatch_s), name="dispatch"))
        loops.append(service.spawn(job_watch.run(settings.dispatch_s), name="job-watch"))
        loops.append(service.spawn(idle_ladders.run(), name="idle-ladders"))
        loops.append(service.spawn(sweep.run(), name="lease-sweep"))
        loops.append(service.spawn(retention.run(settings.retention_s), name="retention"))
        loops.append(service.spawn(deleting.run(), name="deleting"))
        loops.append(service.spawn(recorder.run(), name="recorder"))
        loops.append(service.spawn(motion_files.run(settings.motion_s), name="motion-files"))
        loops.append(service.spawn(old_jobs.run(), name="old-jobs"))
        loops.append(service.spawn(old_audit.run(), name="old-audit"))
        loops.append(service.spawn(old_messages.run(), name="old-messages"))
        loops.append(service.spawn(uploads.run(settings.upload_look_s), name="uploads"))
        loops.append(service.spawn(assets.run(settings.upload_look_s), name="assets"))
        loops.append(service.spawn(sequencer.run(), name="events"))
        loops.append(service.spawn(sequencer.forget(), name="old-events"))
        loops.append(service.spawn(reconcile.run(settings.reconcile_s), name="reconcile"))

    async def stop() -> None:
        await end(*loops)
        # The bus still brings facts: held back, they go to the next catalog.
        database.hold()
        await database.close()
        await ingests.close()

    service.on_start(start)
    service.on_stop(stop)


def _upload_rules(settings: CatalogSettings) -> UploadRules:
    return UploadRules(
        max_bytes=settings.upload_max_bytes,
        quota_bytes=settings.upload_quota_bytes,
        expires=timedelta(seconds=settings.upload_expires_s),
    )


def _delivery_rules(settings: CatalogSettings) -> DeliveryRules:
    return DeliveryRules(
        retries_s=settings.webhook_retries_s,
        disable_after=timedelta(hours=settings.webhook_disable_hours),
    )


async def _list_ingests(bus: Bus) -> list[Ingest]:
    with _bus_errors():
        entries = await bus.registry.list("ingest")
    return [Ingest(entry.instance, entry.url) for entry in entries]


async def _read_lease(bus: Bus, key: str) -> LeaseRecord | None:
    with _bus_errors():
        return await bus.leases.get(key)


async def _watch_leases(bus: Bus, tell: Tell) -> None:
    with _bus_errors():
        await bus.leases.watch(">", tell)


class _Leases:
    """The house's leases, for the sweep."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def keys(self) -> list[str]:
        with _bus_errors():
            return await self._bus.leases.keys()

    async def read(self, key: str) -> tuple[LeaseRecord, int] | None:
        with _bus_errors():
            return await self._bus.leases.read(key)

    async def remove(self, key: str, revision: int) -> bool:
        with _bus_errors():
            return await self._bus.leases.remove(key, revision)


@contextlib.contextmanager
def _bus_errors() -> Iterator[None]:
    """What NATS raises while it is away, as our own retryable error."""
    try:
        yield
    except (NATSError, JetStreamError, TimeoutError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise BusUnavailable(f"The bus did not answer: {reason}.") from error
