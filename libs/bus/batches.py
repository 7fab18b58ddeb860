"""Facts that are handled many at a time: what one transaction can do need not be a hundred.

The policy stays that of `delivery`: if a batch fails, each of its messages is handled by itself, so
that what is wrong with one of them is held against no other.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NATSError
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError

from libs.bus.delivery import Delivery, says_away
from libs.bus.errors import BusUnavailable
from libs.bus.tracing import handling_all
from libs.events import Envelope, Message

log = structlog.get_logger()

M = TypeVar("M", bound=Message)

BATCH = 100
GATHER_S = 0.025
"""Between the beginnings of two batches, at least. A fact that comes alone does not wait."""
FETCH_TIMEOUT_S = 5.0
PAUSE_S = 0.5


class Batches:
    """One durable pull consumer, taken from in order by one task."""

    def __init__(
        self,
        kind: type[M],
        log_name: str,
        durable: str,
        handler: Callable[[Sequence[Envelope[M]]], Awaitable[None]],
        *,
        js: Callable[[], JetStreamContext],
    ) -> None:
        self.durable = durable
        self._log = log_name
        self._name = kind.name
        self._handler: Callable[[Sequence[Envelope[Any]]], Awaitable[None]] = handler
        self._js = js

        async def handle_one(envelope: Envelope[M]) -> None:
            await handler((envelope,))

        self._one = Delivery(kind, durable, handle_one, js=js, is_heartbeating=False)

    async def subscribe(self) -> Callable[[], Awaitable[None]]:
        """The server hears for us; what is returned takes and handles until it is cancelled."""
        subscription = await self._js().pull_subscribe_bind(self.durable, self._log)
        return lambda: self._run(subscription)

    async def _run(self, subscription: JetStreamContext.PullSubscription) -> None:
        try:
            while True:
                await self._take(subscription)
        finally:
            # The client would wait for what it has handed out, which nobody tells it is done.
            with contextlib.suppress(NATSError):  # the connection may be gone already
                await subscription.unsubscribe()

    async def _take(self, subscription: JetStreamContext.PullSubscription) -> None:
        began = time.monotonic()
        try:
            if found := await subscription.fetch(BATCH, timeout=FETCH_TIMEOUT_S):
                await self.deliver(found)
        except TimeoutError:
            return
        except (NATSError, JetStreamError, BusUnavailable) as error:
            # The connection mends itself; a consumer that is gone is seen by the watchdog.
            log.info("bus.batch_waiting", consumer=self.durable, reason=type(error).__name__)
            await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(max(0.0, began + GATHER_S - time.monotonic()))

    async def deliver(self, found: Sequence[Msg]) -> None:
        """Handle them together, and settle each. Raises what NATS raises of settling."""
        try:
            envelopes = [self._one.decode(raw) for raw in found]
            with handling_all(f"handle {self._name}", [raw.headers for raw in found]):
                await self._handler(envelopes)
        except asyncio.CancelledError:
            # The process stops: let somebody else have them at once.
            with contextlib.suppress(Exception):
                await asyncio.shield(_give_back(found))
            raise
        except Exception as error:  # noqa: BLE001 - the policy is exactly about any exception
            await self._split(found, error)
        else:
            for raw in found:
                await self._one.acknowledge(raw)

    async def _split(self, found: Sequence[Msg], error: Exception) -> None:
        if says_away(error):
            for raw in found:
                await self._one.postpone(raw)
            return
        log.info(
            "bus.batch_split", consumer=self.durable, size=len(found), error=type(error).__name__
        )
        for raw in found:
            await self._one.deliver(raw)


async def _give_back(found: Sequence[Msg]) -> None:
    for raw in found:
        await raw.nak(delay=0.5)
