"""Answers an ask: what comes on its subject is handed on, some at a time, and replied to.

A subscription of our own: by way of the broker's an answer costs half a millisecond more.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NATSError
from nats.errors import MaxPayloadError

from libs.bus.asking import answer_error, answer_ok, read_ask
from libs.bus.tracing import handling, note_failure
from libs.ending import end
from libs.events import Answer, Ask

log = structlog.get_logger()

A = TypeVar("A", bound=Answer)

AT_ONCE = 16
LEAVE_S = 1.0
"""What is being answered when the process stops may take so long."""


class Answering:
    """`queue` names those of whom one answers; all do without."""

    def __init__(
        self, kind: type[Ask[A]], handler: Callable[[Any], Awaitable[Any]], *, queue: str
    ) -> None:
        self._kind = kind
        self._name = f"answer {kind.name}"
        self._handler = handler
        self._queue = queue
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._drain: Callable[[], Awaitable[None]] | None = None

    async def subscribe(self, client: Client) -> None:
        async def take(message: Msg) -> None:
            """Called one after the other: what finds no place waits in the subscription."""
            await self._slots.acquire()
            task = asyncio.create_task(self._answer(client, message), name=self._name)
            self._tasks.add(task)
            task.add_done_callback(self._done)

        subscription = await client.subscribe(self._kind.name, queue=self._queue, cb=take)
        self._drain = subscription.drain

    async def close(self) -> None:
        """Take no more, and finish what was taken if it does not take long."""
        with contextlib.suppress(NATSError, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                if self._drain is not None:
                    await self._drain()
                while self._tasks:
                    await asyncio.wait(self._tasks)
        await end(*self._tasks)

    async def _answer(self, client: Client, message: Msg) -> None:
        with handling(self._name, message.headers) as span:
            try:
                ask = read_ask(self._kind, message.data)
                body = answer_ok(await self._handler(ask))
            except Exception as error:  # noqa: BLE001 - the asker must hear of any failure
                note_failure(span, error)
                body = answer_error(self._kind.name, error)
            await self._reply(client, message.reply, body)

    async def _reply(self, client: Client, inbox: str, body: bytes) -> None:
        try:
            try:
                await client.publish(inbox, body)
            except MaxPayloadError as error:
                await client.publish(inbox, answer_error(self._kind.name, error))
        except NATSError as error:
            log.warning("bus.unanswered", subject=self._kind.name, reason=str(error))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._slots.release()
        self._tasks.discard(task)
