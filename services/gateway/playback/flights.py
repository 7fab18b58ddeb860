"""Single flight: whoever wants the same thing at the same time waits for one fetch of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from libs.ending import end

V = TypeVar("V")


class Flights(Generic[V]):
    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[V]] = {}

    async def fly(self, key: str, fetch: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The result of `fetch`, or of the one that is under way for `key`.

        A waiter that is cancelled takes nobody else with it. Errors reach all who waited; they
        are not kept, so that the next asker tries again.
        """
        return await asyncio.shield(self.join(key, fetch))

    def join(self, key: str, fetch: Callable[[], Coroutine[Any, Any, V]]) -> "asyncio.Task[V]":
        """The fetch that is under way for `key`, or a new one; it is everybody's."""
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(fetch(), name=f"fetch {key}")
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._land(key, done))
        return task

    def find(self, key: str) -> "asyncio.Task[V] | None":
        """The fetch that is under way for `key`, if one is."""
        return self._tasks.get(key)

    def __len__(self) -> int:
        return len(self._tasks)

    async def close(self) -> None:
        await end(*self._tasks.values())

    def _land(self, key: str, task: asyncio.Task[V]) -> None:
        del self._tasks[key]
        # Marks the error as seen: all waiters may have gone before it came.
        if not task.cancelled():
            task.exception()
