"""What happens to a message after its handler: the one acknowledgement policy of the house.

Handled: acknowledged. Failed with `retry=False`, or undecodable: terminated and buried as a dead
letter. Anything else: given back with a growing delay, three tries at most, then buried.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from faststream.nats.message import NatsMessage
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from prometheus_client import Counter
from pydantic import ValidationError

from libs.bus.errors import MessageUndecodable
from libs.bus.tracing import handling
from libs.errors import Blame, WeirError
from libs.events import Envelope, Message

log = structlog.get_logger()

M = TypeVar("M", bound=Message)

MAX_TRIES = 3
RETRY_DELAYS_S = (0.5, 2.0)
AWAY_DELAY_S = 2.0
HEARTBEAT_S = 3.0
"""Well below `ACK_WAIT_S` of the topology."""
MAX_BODY_BYTES = 4096

HANDLED = Counter("weir_bus_messages_total", "Messages by outcome.", ["consumer", "outcome"])


class Delivery:
    """One durable consumer: decodes, traces, runs the handler, settles the message."""

    def __init__(
        self,
        kind: type[M],
        durable: str,
        handler: Callable[[Envelope[M]], Awaitable[Any]],
        *,
        js: Callable[[], JetStreamContext],
        is_heartbeating: bool,
    ) -> None:
        self.durable = durable
        self._envelope: type[Envelope[Any]] = Envelope[kind]  # type: ignore[valid-type]
        self._name = kind.name
        self._handler: Callable[[Any], Awaitable[Any]] = handler
        self._js = js
        self._is_heartbeating = is_heartbeating
        self._tries: dict[int, int] = {}

    async def __call__(self, message: NatsMessage) -> None:
        """Entry point of the broker. Never raises, but when cancelled."""
        await self.deliver(message.raw_message)

    async def deliver(self, raw: Msg) -> None:
        """Handle one message, and settle it. Never raises, but when cancelled."""
        heart = asyncio.create_task(self._beat(raw)) if self._is_heartbeating else None
        try:
            await self._run(raw)
        except asyncio.CancelledError:
            # The process stops: let somebody else have it at once.
            with contextlib.suppress(Exception):
                await asyncio.shield(raw.nak(delay=0.5))
            raise
        except WeirError as error:
            await self._settle_failure(raw, error)
        except Exception as error:  # the policy is exactly about any exception
            log.exception("bus.handler_failed", consumer=self.durable)
            await self._settle_failure(raw, error)
        finally:
            if heart is not None:
                heart.cancel()

    def decode(self, raw: Msg) -> Envelope[Any]:
        """Raises `MessageUndecodable`."""
        try:
            return self._envelope.model_validate_json(raw.data)
        except ValidationError as error:
            first = error.errors()[0]
            where = "/".join(map(str, first["loc"]))
            raise MessageUndecodable(f"{where}: {first['msg']}") from None

    async def _run(self, raw: Msg) -> None:
        envelope = self.decode(raw)
        with handling(f"handle {self._name}", raw.headers):
            await self._handler(envelope)
        await self.acknowledge(raw)

    async def acknowledge(self, raw: Msg) -> None:
        self._tries.pop(raw.metadata.sequence.stream, None)
        await raw.ack()
        HANDLED.labels(self.durable, "handled").inc()

    async def _settle_failure(self, raw: Msg, error: Exception) -> None:
        sequence = raw.metadata.sequence.stream
        tries = self._tries[sequence] = self._tries.get(sequence, 0) + 1
        is_final = isinstance(error, MessageUndecodable) or (
            isinstance(error, WeirError) and not error.retry
        )
        if says_away(error):
            await self.postpone(raw)
        elif is_final or tries >= MAX_TRIES:
            await self._bury(raw, error, tries)
            self._tries.pop(sequence, None)
        else:
            await raw.nak(delay=RETRY_DELAYS_S[min(tries, len(RETRY_DELAYS_S)) - 1])
            HANDLED.labels(self.durable, "retried").inc()

    async def postpone(self, raw: Msg) -> None:
        """What the handler needs is away; that says nothing against the message."""
        await raw.nak(delay=AWAY_DELAY_S)
        HANDLED.labels(self.durable, "postponed").inc()

    async def _bury(self, raw: Msg, error: Exception, tries: int) -> None:
        """Publish the dead letter first, then let the message go: it is never lost between."""
        is_ours = isinstance(error, WeirError)
        code = error.code if isinstance(error, WeirError) else "handler_failed"
        letter = {
            "id": f"{raw.metadata.stream}:{raw.metadata.sequence.stream}:{self.durable}",
            "subject": raw.subject,
            "consumer": self.durable,
            "code": code,
            "reason": str(error) if is_ours else type(error).__name__,
            "deliveries": tries,
            "body": raw.data[:MAX_BODY_BYTES].decode(errors="replace"),
        }
        await self._js().publish(
            f"dead.{self.durable}",
            json.dumps(letter).encode(),
            headers={"Nats-Msg-Id": letter["id"]},
        )
        await raw.term()
        HANDLED.labels(self.durable, "buried").inc()
        level = log.warning if is_ours and error.blame is not Blame.WEIR else log.error  # type: ignore[attr-defined]
        level("bus.buried", consumer=self.durable, code=code, reason=letter["reason"], tries=tries)

    async def _beat(self, raw: Msg) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await raw.in_progress()


def says_away(error: Exception) -> bool:
    """Whether the error is about what the handler needs, not about the message."""
    return isinstance(error, WeirError) and error.retry and error.status == 503  # noqa: PLR2004
