"""Deletes from the store what retention took out of the segment log."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from libs.errors import Timeout, Unavailable
from libs.events import Ask, ForgetDiscards, ListDiscards
from libs.storage import ObjectStore
from services.packager import metrics

log = structlog.get_logger()


class Discarding:
    """Any number of packagers may do it at once: deleting twice harms nobody."""

    def __init__(self, store: ObjectStore, ask: Callable[[Ask[Any]], Awaitable[Any]]) -> None:
        self._store = store
        self._ask = ask

    async def run(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                while await self.tick():
                    pass
            except (Unavailable, Timeout) as error:
                log.warning("discarding.waiting", code=error.code)

    async def tick(self) -> int:
        """Delete what is due, a page of it; returns how many objects. Raises `Unavailable`
        and `Timeout`.
        """
        found = await self._ask(ListDiscards(free_bytes=await self._store.free_bytes()))
        if found.keys:
            await self._store.delete(found.keys)
            room = await self._store.free_bytes()
            await self._ask(ForgetDiscards(keys=found.keys, free_bytes=room))
            metrics.DISCARDED.inc(len(found.keys))
        return len(found.keys)
