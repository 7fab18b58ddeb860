"""Deletes from the store what retention took out of the segment log, and of two stores what moves
between them have left behind.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from libs.errors import Timeout, Unavailable
from libs.events import Ask, DeferDiscards, ForgetDiscards, ListDiscards, Tier
from libs.storage import ColdStoreUnavailable, ObjectMissing, ObjectStore, TieredStore
from services.packager import metrics

log = structlog.get_logger()

AT_ONCE = 16
COLD_LEFT_S = 300.0
"""So long after the cold store was away it is tried again."""


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
                if isinstance(self._store, TieredStore):
                    await drop_copies(self._store, "hot", self._ask)
                    await drop_copies(self._store, "cold", self._ask)
            except (Unavailable, Timeout) as error:
                log.warning("discarding.waiting", code=error.code)

    async def tick(self) -> int:
        """Delete what is due, a page of it; returns how many objects. Raises `Unavailable`
        and `Timeout`.
        """
        found = await self._ask(ListDiscards(free_bytes=await self._store.free_bytes()))
        if found.keys:
            try:
                await self._store.delete(found.keys)
            except ColdStoreUnavailable as error:
                # The hot store has its room, and others behind these get their turn.
                log.warning("discarding.cold_left", objects=len(found.keys), reason=str(error))
                await self._ask(
                    DeferDiscards(keys=found.keys, for_s=COLD_LEFT_S, is_cold_left=True)
                )
                return len(found.keys)
            room = await self._store.free_bytes()
            await self._ask(ForgetDiscards(keys=found.keys, free_bytes=room))
            metrics.DISCARDED.inc(len(found.keys))
        return len(found.keys)


async def drop_copies(
    store: TieredStore, tier: Tier, ask: Callable[[Ask[Any]], Awaitable[Any]]
) -> None:
    """Delete from a tier what lies in the other one, too. Raises `Unavailable` and `Timeout`."""
    own, other = (store.hot, store.cold) if tier == "hot" else (store.cold, store.hot)
    free_bytes = await store.free_bytes()
    while keys := (await ask(ListDiscards(tier=tier, free_bytes=free_bytes))).keys:
        for index in range(0, len(keys), AT_ONCE):
            some = keys[index : index + AT_ONCE]
            # Looked for right before: were it gone there, this would be the last copy.
            is_there = await asyncio.gather(*(_has(other, key) for key in some))
            found = dict(zip(some, is_there, strict=True))
            await own.delete([key for key in some if found[key]])
            for key in (key for key in some if not found[key]):
                log.error("discarding.last_copy", key=key, tier=tier)
        free_bytes = await store.free_bytes()
        await ask(ForgetDiscards(keys=keys, tier=tier, free_bytes=free_bytes))


async def _has(store: ObjectStore, key: str) -> bool:
    try:
        await store.stat(key)
    except ObjectMissing:
        return False
    return True
