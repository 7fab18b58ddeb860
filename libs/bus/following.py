"""A log as each process reads all of it for itself, in order, with numbers and times of the log.

For views that many processes show alike. Nothing is acknowledged: whoever reads knows how far it
is, and what it missed is found by the numbers and read again.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NATSError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from pydantic import ValidationError

from libs.errors import WeirError
from libs.events import Envelope, Message

log = structlog.get_logger()

BATCH = 200
FETCH_TIMEOUT_S = 2.0
INACTIVE_S = 60.0
"""The server forgets a reader that has been away for so long."""
RETRY_S = 0.5
WORK_SHARE = 3
"""What is handled takes a third of the time at most, so that there is some left for all else."""


class Logged(NamedTuple):
    """A message, and its place in the log."""

    sequence: int
    at: datetime
    """When the log took it; one clock for all who read."""
    data: Message


class _Missed(Exception):
    """Something was sent that did not come."""


class Following:
    """`start`: the number, or the time, from which on it is read, asked each time that nothing has
    been read yet. `gather_s`: between the beginnings of two batches, at least.
    """

    def __init__(
        self,
        log_name: str,
        kinds: Sequence[type[Message]],
        handler: Callable[[Sequence[Logged]], Awaitable[None]],
        *,
        start: Callable[[], Awaitable[int | datetime]],
        gather_s: float,
        js: Callable[[], JetStreamContext],
    ) -> None:
        self._log = log_name
        self._kinds: Mapping[str, type[Envelope[Any]]] = {
            kind.name: Envelope[kind]  # type: ignore[valid-type]
            for kind in kinds
        }
        self._handler = handler
        self._start = start
        self._gather_s = gather_s
        self._js = js
        self._last: int | None = None
        """The last that was handled."""

    async def run(self) -> None:
        """Until cancelled. What the handler raises is a `WeirError` that says to try again."""
        while True:
            try:
                await self._read_on()
            except _Missed:
                log.info("bus.following_missed", log=self._log, last=self._last)
            except (NATSError, JetStreamError, TimeoutError, WeirError) as error:
                if isinstance(error, WeirError) and not error.retry:
                    raise
                reason = str(error) or type(error).__name__
                log.info("bus.following_waits", log=self._log, reason=reason)
                await asyncio.sleep(RETRY_S)

    async def _read_on(self) -> None:
        """Raises what the server, the connection or the handler raises, and `_Missed`."""
        js = self._js()
        subscription = await js.pull_subscribe(
            "",
            stream=self._log,
            config=ConsumerConfig(
                **await self._place(),
                ack_policy=AckPolicy.NONE,
                inactive_threshold=INACTIVE_S,
                mem_storage=True,
                num_replicas=1,
                filter_subjects=sorted(self._kinds),
            ),
        )
        heard = 0
        try:
            while True:
                began = time.monotonic()
                try:
                    found = await subscription.fetch(BATCH, timeout=FETCH_TIMEOUT_S)
                except TimeoutError:
                    found = []
                if not found:  # the server's own word that the time is over comes as no message
                    info = await subscription.consumer_info()
                    if info.delivered is not None and info.delivered.consumer_seq != heard:
                        raise _Missed from None
                    continue
                for raw in found:
                    heard += 1
                    if raw.metadata.sequence.consumer != heard:
                        raise _Missed
                await self._hand(found)
                took_s = time.monotonic() - began
                await asyncio.sleep(max(self._gather_s - took_s, took_s * (WORK_SHARE - 1)))
        finally:
            with contextlib.suppress(NATSError):  # the connection may be gone already
                await subscription.unsubscribe()

    async def _place(self) -> dict[str, Any]:
        start = await self._start() if self._last is None else self._last + 1
        if isinstance(start, datetime):
            policy = DeliverPolicy.BY_START_TIME
            return {"deliver_policy": policy, "opt_start_time": start}
        return {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": max(start, 1)}

    async def _hand(self, found: Sequence[Msg]) -> None:
        logged = []
        for raw in found:
            sequence = raw.metadata.sequence.stream
            try:
                envelope = self._kinds[raw.subject].model_validate_json(raw.data)
            except ValidationError as error:
                # Nobody can read it, now or later: the others have no less to be read.
                log.warning("bus.unreadable", log=self._log, sequence=sequence, reason=str(error))
                continue
            logged.append(Logged(sequence, raw.metadata.timestamp, envelope.data))
        await self._handler(logged)
        self._last = found[-1].metadata.sequence.stream
