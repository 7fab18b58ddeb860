"""Leases of live jobs in a KV bucket: who does it now, under which epoch.

The holder renews its record each second. Another may take it, by compare-and-set, when the
record's revision stayed unchanged for `STALE_S` on the taker's own clock; no clocks are compared.
Failing to renew is not loss: only a newer epoch is.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NATSError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from nats.js.errors import (
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NoKeysError,
)
from nats.js.kv import KeyValue
from pydantic import BaseModel, ConfigDict

from libs.bus import topology
from libs.bus.errors import BusUnavailable
from libs.ending import heard

log = structlog.get_logger()

BEAT_S = 1.0
STALE_S = 4.0
POLL_S = 0.25
CONFIRM_S = 1.5
"""A lease that somebody else has watched for long enough must still miss one more beat."""
WATCHED_S = 10.0
"""How often a watch makes sure that the server still has it."""


class LeaseRecord(BaseModel):
    """The value under a lease's key, for example `package.<session>`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    holder: str
    url: str
    """Where the holder's internal listener answers."""
    epoch: int
    beat: int
    stream: str
    session: str
    is_released: bool = False


class Lease:
    """A lease that this process holds. `lost` is set when a newer epoch was seen."""

    def __init__(self, leases: "Leases", record: LeaseRecord, revision: int) -> None:
        self.record = record
        self.lost = asyncio.Event()
        self._leases = leases
        self._revision = revision
        self._is_over = False
        self._task = asyncio.create_task(self._renew(), name=f"lease-{record.key}")

    @property
    def epoch(self) -> int:
        return self.record.epoch

    async def release(self) -> None:
        """Let another take it at once."""
        # Python 3.11 forgets a cancellation that comes together with the answer to a beat.
        self._is_over = True
        self._task.cancel()
        await asyncio.wait({self._task})
        for _ in range(2):
            # The first may only learn that a beat whose answer had not come has been written.
            if not self.lost.is_set() and not self.record.is_released:
                await self._write(is_released=True)

    def drop(self) -> None:
        """Stop renewing without a word; for when a newer epoch was seen elsewhere."""
        self._task.cancel()
        self.lost.set()

    async def _renew(self) -> None:
        while not self.lost.is_set() and not self._is_over:
            await asyncio.sleep(self._leases.beat_s)
            await self._write()

    async def _write(self, *, is_released: bool = False) -> None:
        update = {"beat": self.record.beat + 1, "is_released": is_released}
        record = self.record.model_copy(update=update)
        try:
            self._revision = await self._leases.write(record, self._revision)
            self.record = record
        except KeyWrongLastSequenceError:
            await self._look_again()
        except (NATSError, JetStreamError, TimeoutError):
            log.info("lease.unrenewed", key=record.key, epoch=record.epoch)

    async def _look_again(self) -> None:
        """Somebody wrote our key: a newer epoch is loss; else write on.

        The key may be gone, or back in the hands of an older epoch: a server that was started
        again knows only what it has been told since.
        """
        found = await self._leases.read(self.record.key)
        if found is None:
            self._revision = 0
            return
        record, revision = found
        is_ours = (record.epoch, record.holder) == (self.epoch, self.record.holder)
        if record.epoch < self.epoch or is_ours:
            self._revision = revision
        else:
            log.warning("lease.lost", key=self.record.key, epoch=self.epoch, to=record.holder)
            self.lost.set()


class _Watch:
    """What a watch has heard. `over` is done when it has missed something, or cannot go on."""

    def __init__(self, tell: Callable[[LeaseRecord], None]) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tell = tell
        self._heard = 0

    async def hear(self, message: Msg) -> None:
        if self.over.done():
            return
        self._heard += 1
        if message.metadata.sequence.consumer != self._heard:
            self.over.set_result(None)
        elif message.data:  # a key that was removed has none
            try:
                self._tell(LeaseRecord.model_validate_json(message.data))
            except Exception as error:  # noqa: BLE001 - the watcher is who must hear of it
                self.over.set_exception(error)


class Leases:
    """All leases of the house."""

    def __init__(
        self,
        bucket: Callable[[], KeyValue],
        *,
        beat_s: float = BEAT_S,
        stale_s: float = STALE_S,
    ) -> None:
        self._bucket = bucket
        self.beat_s = beat_s
        self._stale_s = stale_s

    async def take(
        self,
        key: str,
        *,
        holder: str,
        url: str,
        stream: str,
        session: str,
        epoch_floor: int = 0,
        silent: tuple[int, int] | None = None,
    ) -> Lease | None:
        """Take the lease, waiting out a holder that may be gone; None if one lives.

        The new epoch is above the record's and above `epoch_floor`. `silent` is the epoch and beat
        of a lease that somebody else has seen unchanged for `stale_s` by their own clock: if that
        is still all it says, little more needs to be waited for.
        """
        found = await self.read(key)
        if found is not None and not found[0].is_released:
            is_known = silent == (found[0].epoch, found[0].beat)
            wait_s = min(CONFIRM_S, self._stale_s) if is_known else self._stale_s
            if not await self._is_stale(*found, wait_s):
                return None
        last_epoch, revision = (found[0].epoch, found[1]) if found else (0, 0)
        record = LeaseRecord(
            key=key, holder=holder, url=url, epoch=max(last_epoch, epoch_floor) + 1, beat=0,
            stream=stream, session=session,
        )  # fmt: skip
        try:
            return Lease(self, record, await self.write(record, revision))
        except KeyWrongLastSequenceError:
            return None

    async def seize(
        self, key: str, *, holder: str, url: str, stream: str, session: str, epoch: int
    ) -> Lease | None:
        """Take the lease at once, whoever has it, under an epoch that was given to nobody else.

        None if a newer one has it. For finite jobs, whose attempts the catalog numbers. Raises
        `BusUnavailable`.
        """
        record = LeaseRecord(
            key=key, holder=holder, url=url, epoch=epoch, beat=0, stream=stream, session=session
        )
        while True:
            try:
                found = await self.read(key)
                if found is not None and found[0].epoch >= epoch:
                    return None
                return Lease(self, record, await self.write(record, found[1] if found else 0))
            except KeyWrongLastSequenceError:
                continue  # a beat came between
            except (NATSError, JetStreamError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
                raise BusUnavailable(f"The lease {key} cannot be taken: {reason}.") from error

    async def read(self, key: str) -> tuple[LeaseRecord, int] | None:
        """The record and its revision, or None."""
        try:
            entry = await heard(self._bucket().get(key))
        except KeyNotFoundError:
            return None
        assert entry.value is not None
        assert entry.revision is not None
        return LeaseRecord.model_validate_json(entry.value), entry.revision

    async def get(self, key: str) -> LeaseRecord | None:
        found = await self.read(key)
        return found[0] if found else None

    async def write(self, record: LeaseRecord, revision: int) -> int:
        """Compare and set; revision 0 means that the key must not be there."""
        body = record.model_dump_json().encode()
        if revision == 0:
            return await heard(self._bucket().create(record.key, body))
        return await heard(self._bucket().update(record.key, body, last=revision))

    async def keys(self) -> list[str]:
        """Of all leases that were ever taken and not removed."""
        try:
            return await self._bucket().keys()
        except NoKeysError:
            return []

    async def remove(self, key: str, revision: int) -> bool:
        """Remove a lease unless its record has changed since `revision`; whether it is gone.

        Only for jobs that nobody will do again, as their epochs begin anew. A delete of the
        bucket's own would leave a marker for ever; a purge of its log leaves nothing.
        """
        bucket = self._bucket()
        subject = f"$KV.{topology.LEASES}.{key}"
        await bucket._js.purge_stream(bucket._stream, subject=subject, seq=revision + 1)
        return await self.read(key) is None

    async def watch(self, prefix: str, tell: Callable[[LeaseRecord], None]) -> None:
        """Tell every record that is there, then each change. Returns after a change was missed;
        raises `JetStreamError` when the server has lost the watch, as after a restart.
        """
        bucket = self._bucket()
        watch = _Watch(tell)
        # The client's own watch polls four times a second, for flow control; beats need none.
        subscription = await bucket._js.subscribe(
            f"$KV.{topology.LEASES}.{prefix}",
            stream=bucket._stream,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
                ack_policy=AckPolicy.NONE,
                mem_storage=True,
                num_replicas=1,
            ),
            cb=watch.hear,
        )
        try:
            while not (await asyncio.wait({watch.over}, timeout=WATCHED_S))[0]:
                await subscription.consumer_info()
            watch.over.result()
        finally:
            with contextlib.suppress(NATSError):  # the connection may be gone already
                await subscription.unsubscribe()

    async def _is_stale(self, record: LeaseRecord, revision: int, wait_s: float) -> bool:
        """Watch the revision for `wait_s` of our own clock."""
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            await asyncio.sleep(min(POLL_S, wait_s / 4))
            found = await self.read(record.key)
            if found is None or found[1] != revision:
                return found is not None and found[0].is_released
        return True
