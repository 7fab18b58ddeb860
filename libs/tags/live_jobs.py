"""All live jobs of one kind that this process does, each a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Generic, Protocol, TypeVar

from libs.ending import end
from libs.tags.holding import HeldLease

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class LiveOrder(Protocol):
    @property
    def job(self) -> str: ...


class LiveJob(Protocol):
    """One job that this process holds the lease of."""

    @property
    def lease(self) -> HeldLease: ...

    async def run(self) -> None:
        """To its end, or until it is cancelled; the lease is let go."""

    def look_again(self) -> bool:
        """It is offered while it runs: is it still wanted? False if it is just ending."""


O = TypeVar("O", bound=LiveOrder)  # noqa: E741 - an order
J = TypeVar("J", bound=LiveJob)


class LiveJobs(Generic[O, J]):
    """Takes offers up to `max_jobs`. `begin` answers None when another holds the lease.

    `after` is what is left to do for a job once its place is free.
    """

    def __init__(
        self,
        begin: Callable[[O], Awaitable[J | None]],
        *,
        spawn: Spawn,
        max_jobs: int,
        after: Callable[[J], Awaitable[None]] | None = None,
    ) -> None:
        self._begin = begin
        self._spawn = spawn
        self._max_jobs = max_jobs
        self._after = after
        self._running: dict[str, J] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False

    @property
    def running(self) -> Iterable[J]:
        return tuple(self._running.values())

    async def take(self, order: O) -> bool:
        """Answer an offer: True if this process does the job from now on (or does already)."""
        name = order.job
        while name in self._running:
            if self._running[name].look_again():
                return True
            await asyncio.wait({self._tasks[name]})
        if self._is_stopping or len(self._running) >= self._max_jobs:
            return False
        job = await self._begin(order)
        if job is None:
            return False
        if self._is_stopping:
            await job.lease.release()
            return False
        self._running[name] = job
        self._tasks[name] = self._spawn(self._run(name, job), name)
        return True

    async def stop(self) -> None:
        """End every job; others may take them up at once."""
        self._is_stopping = True
        await end(*self._tasks.values())

    async def _run(self, name: str, job: J) -> None:
        try:
            await job.run()
        finally:
            del self._running[name], self._tasks[name]
        if self._after is not None:
            await self._after(job)
