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
from nats.aio.subscription import Subscription
from nats.errors import Error as NATSError

from libs.bus.asking import answer_error, answer_ok
from libs.bus.tracing import handling
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
        self._handler = handler
        self._queue = queue
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscription: Subscription | None = None

    async def subscribe(self, client: Client) -> None:
        self._subscription = await client.subscribe(
            self._kind.name, queue=self._queue, cb=self._take
        )

    async def close(self) -> None:
        """Take no more, and finish what was taken. Raises what NATS raises."""
        if self._subscription is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LEAVE_S)
            for task in late:
                task.cancel()

    async def _take(self, message: Msg) -> None:
        """Called one after the other: what finds no place waits in the subscription."""
        await self._slots.acquire()
        task = asyncio.create_task(self._answer(message), name=f"answer {self._kind.name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _answer(self, message: Msg) -> None:
        with handling(f"answer {self._kind.name}", message.headers):
            try:
                body = answer_ok(await self._handler(self._kind.model_validate_json(message.data)))
            except Exception as error:  # noqa: BLE001 - the asker must hear of any failure
                body = answer_error(self._kind.name, error)
        try:
            await message.respond(body)
        except NATSError as error:
            log.warning("bus.unanswered", subject=self._kind.name, reason=str(error))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._slots.release()
        self._tasks.discard(task)
