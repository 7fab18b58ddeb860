"""The logs, consumers and buckets of the bus, and the only code that makes them.

The catalog runs `provision` at its start and after each reconnect. It compares first and changes
only what differs: applying the same configuration again has been seen to drop delayed messages.
Durable consumers are named `<service>-<subject with dashes>`; one subject each.
"""

import time
from dataclasses import dataclass

import structlog
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    KeyValueConfig,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BucketNotFoundError, NotFoundError

from libs.bus.turns import LONGEST_S
from libs.events import (
    CATALOG_FACTS,
    CHAT_FACTS,
    FACTS,
    FINITE_ORDERS,
    MotionRequested,
    PackageRequested,
    RelayRequested,
    StillsRequested,
    TranscodeRequested,
)

log = structlog.get_logger()

FACTS_LOG = "FACTS"
JOBS_LOG = "JOBS"
CHAT_LOG = "CHAT"
DEAD_LOG = "DEAD"
DEAD_SUBJECTS = "dead.>"
LEASES = "leases"
REGISTRY = "registry"
TURNS = "turns"

DAY_S = 24 * 3600
ACK_WAIT_S = 10.0
"""A message of a process that was killed goes to another after this long."""
MAX_DELIVERIES = -1
"""No limit on the server's side: a database that is away for an hour must not cost a fact. The
policy in `delivery` gives up after three tries of a handler that fails by itself."""

_COMPARED_LOG = ("subjects", "retention", "max_age", "max_bytes", "discard", "duplicate_window")
_COMPARED_CONSUMER = ("filter_subject", "ack_wait", "max_deliver", "max_ack_pending")


@dataclass(frozen=True, slots=True)
class Consumer:
    """A durable pull consumer of one subject."""

    log: str
    service: str
    subject: str
    ack_wait_s: float = ACK_WAIT_S
    max_ack_pending: int = 1000

    @property
    def durable(self) -> str:
        return durable_name(self.service, self.subject)

    def config(self) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=self.durable,
            filter_subject=self.subject,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.ack_wait_s,
            max_deliver=MAX_DELIVERIES,
            max_ack_pending=self.max_ack_pending,
        )


def durable_name(service: str, subject: str) -> str:
    return f"{service}-{subject.replace('.', '-').replace('>', 'all')}"


LOGS: tuple[StreamConfig, ...] = (
    StreamConfig(
        name=FACTS_LOG,
        subjects=[fact.name for fact in FACTS],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_age=7 * DAY_S,
        max_bytes=1 << 30,
        duplicate_window=120,
    ),
    StreamConfig(
        name=JOBS_LOG,
        subjects=["job.requested.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        max_age=DAY_S,
        max_bytes=1 << 28,
        duplicate_window=120,
    ),
    StreamConfig(
        name=CHAT_LOG,
        subjects=[fact.name for fact in CHAT_FACTS],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_age=DAY_S,
        max_bytes=1 << 28,
        duplicate_window=120,
    ),
    StreamConfig(
        name=DEAD_LOG,
        subjects=[DEAD_SUBJECTS],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_age=30 * DAY_S,
        max_bytes=1 << 27,
        duplicate_window=120,
    ),
)

CONSUMERS: tuple[Consumer, ...] = (
    *(Consumer(FACTS_LOG, "catalog", fact.name) for fact in FACTS if fact not in CATALOG_FACTS),
    Consumer(JOBS_LOG, "packager", PackageRequested.name),
    Consumer(JOBS_LOG, "relay", RelayRequested.name),
    Consumer(JOBS_LOG, "transcoder", TranscodeRequested.name),
    *(Consumer(JOBS_LOG, "transcoder", order.name) for order in FINITE_ORDERS.values()),
    Consumer(JOBS_LOG, "transcoder", StillsRequested.name),
    Consumer(JOBS_LOG, "transcoder", MotionRequested.name),
    Consumer(DEAD_LOG, "catalog", DEAD_SUBJECTS),
)

BUCKETS: tuple[str, ...] = (LEASES, REGISTRY, TURNS)
"""In memory: who does what now is said anew each second, and must be heard though the disk is full.
After a restart of the server they are empty until all have spoken."""


async def provision(js: JetStreamContext) -> list[str]:
    """Make what is missing and mend what differs; returns what was changed, for the log."""
    changed: list[str] = []
    for wanted in LOGS:
        changed += await _provision_log(js, wanted)
    for consumer in CONSUMERS:
        changed += await _provision_consumer(js, consumer)
    changed += await provision_buckets(js)
    if changed:
        log.info("bus.provisioned", changed=changed)
    return changed


async def provision_buckets(js: JetStreamContext) -> list[str]:
    """The part of `provision` that may be gone at any time: who needs them writes them anew."""
    return [change for bucket in BUCKETS for change in await _provision_bucket(js, bucket)]


async def missing_buckets(js: JetStreamContext) -> list[str]:
    """Which of the buckets are not there."""
    absent = []
    for bucket in BUCKETS:
        try:
            await js.key_value(bucket)
        except (BucketNotFoundError, NotFoundError):
            absent.append(f"bucket {bucket}")
    return absent


async def missing_consumers(js: JetStreamContext, durables: list[tuple[str, str]]) -> list[str]:
    """Which of these `(log, durable)` consumers are not there."""
    logs = sorted({log_name for log_name, _ in durables})
    present = {log_name: await _consumer_names(js, log_name) for log_name in logs}
    return [f"consumer {name}" for log_name, name in durables if name not in present[log_name]]


async def _consumer_names(js: JetStreamContext, log_name: str) -> frozenset[str]:
    """One short answer, instead of the whole state of each consumer."""
    try:
        answer = await js._api_request(f"{js._prefix}.CONSUMER.NAMES.{log_name}")
    except NotFoundError:
        return frozenset()
    return frozenset(answer["consumers"] or ())


async def _provision_log(js: JetStreamContext, wanted: StreamConfig) -> list[str]:
    assert wanted.name is not None
    try:
        found = (await js.stream_info(wanted.name)).config
    except NotFoundError:
        await js.add_stream(_numbered(wanted))
        return [f"log {wanted.name}"]
    if all(getattr(found, name) == getattr(wanted, name) for name in _COMPARED_LOG):
        return []
    await js.update_stream(wanted)
    return [f"log {wanted.name} (updated)"]


def _numbered(wanted: StreamConfig) -> StreamConfig:
    """The chat's numbers are ids: those of a log that was lost are not given again."""
    if wanted.name != CHAT_LOG:
        return wanted
    return wanted.evolve(first_seq=time.time_ns() // 1_000_000)


async def _provision_consumer(js: JetStreamContext, consumer: Consumer) -> list[str]:
    wanted = consumer.config()
    try:
        found = (await js.consumer_info(consumer.log, consumer.durable)).config
    except NotFoundError:
        await js.add_consumer(consumer.log, wanted)
        return [f"consumer {consumer.durable}"]
    if all(getattr(found, name) == getattr(wanted, name) for name in _COMPARED_CONSUMER):
        return []
    await js.add_consumer(consumer.log, wanted)
    return [f"consumer {consumer.durable} (updated)"]


async def _provision_bucket(js: JetStreamContext, bucket: str) -> list[str]:
    changed = f"bucket {bucket}"
    try:
        found = (await js.stream_info(f"KV_{bucket}")).config
        if found.storage == StorageType.MEMORY:
            return []
        await js.delete_key_value(bucket)  # a log's kind of storage can't be changed
        changed += " (moved into memory)"
    except NotFoundError:
        pass
    ttl = LONGEST_S if bucket == TURNS else None
    config = KeyValueConfig(bucket=bucket, history=1, storage=StorageType.MEMORY, ttl=ttl)
    await js.create_key_value(config)
    return [changed]
