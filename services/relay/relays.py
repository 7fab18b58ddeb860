"""All relay jobs of this process, by session and target."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from libs.events import RelayRequested

Key = tuple[str, str]


class Running(Protocol):
    order: RelayRequested
    changed: asyncio.Event
    is_ending: bool

    async def run(self) -> None: ...


class Relays:
    """Takes offers up to `max_relays`."""

    def __init__(
        self,
        begin: Callable[[RelayRequested], Awaitable[Running | None]],
        *,
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
        max_relays: int,
    ) -> None:
        self._begin = begin
        self._spawn = spawn
        self._max_relays = max_relays
        self._running: dict[Key, Running] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._is_stopping = False

    async def take(self, order: RelayRequested) -> bool:
        """Answer an offer: True if this process does it from now on (or does already).

        A job of ours looks again whether it is wanted: it may just be ending because it was not.
        """
        key = (order.session, order.target)
        while key in self._running:
            if not self._running[key].is_ending:
                self._running[key].changed.set()
                return True
            await asyncio.wait({self._tasks[key]})
        if self._is_stopping or len(self._tasks) >= self._max_relays:
            return False
        relaying = await self._begin(order)
        if relaying is None:
            return False
        self._running[key] = relaying
        self._tasks[key] = self._spawn(self._run(key, relaying), f"relay {key[0]} {key[1]}")
        return True

    def target_changed(self, target: str) -> None:
        """Whoever pushes to it asks again."""
        for (_, of), relaying in self._running.items():
            if of == target:
                relaying.changed.set()

    def session_ended(self, session: str) -> None:
        """Its pushes ask again: they end with their last tags, or because nobody has it."""
        for (of, _), relaying in self._running.items():
            if of == session:
                relaying.changed.set()

    async def stop(self) -> None:
        """End every push with a goodbye; leases are free."""
        self._is_stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: Key, relaying: Running) -> None:
        try:
            await relaying.run()
        finally:
            del self._running[key], self._tasks[key]
