"""Two stores as one: what is new lies in the hot one, what is old in the cold one.

Whoever moves an object copies it first and deletes it then, so that every look finds it: it is in
the hot store, or in the cold one, or was brought back between these two looks.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from libs.storage.store import (
    ColdStoreUnavailable,
    ObjectMissing,
    ObjectStat,
    ObjectStore,
    StoreUnavailable,
)

Result = TypeVar("Result")

AWAY_S = 2.0
"""So long after the cold store failed nobody waits for it: live looks here, too."""


class TieredStore:
    """Reads look into `hot` and then into `cold`; writes go to `hot`, deletions to both."""

    def __init__(
        self,
        hot: ObjectStore,
        cold: ObjectStore,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hot = hot
        self.cold = cold
        self._clock = clock
        self._is_away_until_s = 0.0
        self._why_away = ""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        await self.hot.put(key, data, content_type=content_type)

    async def put_file(self, key: str, path: Path, *, content_type: str) -> None:
        await self.hot.put_file(key, path, content_type=content_type)

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        return await self._find(lambda store: store.get(key, offset=offset, size=size))

    async def stat(self, key: str) -> ObjectStat:
        return await self._find(lambda store: store.stat(key))

    async def delete(self, keys: Iterable[str]) -> None:
        """From the hot store also while the cold one is away: `ColdStoreUnavailable` says so."""
        wanted = list(keys)
        await self.hot.delete(wanted)
        await self._in_cold(lambda store: store.delete(wanted))

    async def list(self, prefix: str) -> AsyncIterator[ObjectStat]:
        # In this order: what leaves the hot store meanwhile is in the cold one already.
        found = {item.key: item async for item in self.hot.list(prefix)}
        for item in await self._in_cold(lambda store: _all(store, prefix)):
            found.setdefault(item.key, item)
        for key in sorted(found):
            yield found[key]

    async def free_bytes(self) -> int | None:
        return await self.hot.free_bytes()

    async def close(self) -> None:
        await self.hot.close()
        await self.cold.close()

    async def _find(self, look: Callable[[ObjectStore], Awaitable[Result]]) -> Result:
        try:
            return await look(self.hot)
        except ObjectMissing:
            pass
        try:
            return await self._in_cold(look)
        except ObjectMissing:
            return await look(self.hot)  # it may have been brought back meanwhile

    async def _in_cold(self, call: Callable[[ObjectStore], Awaitable[Result]]) -> Result:
        if self._clock() < self._is_away_until_s:
            raise ColdStoreUnavailable(self._why_away)
        try:
            return await call(self.cold)
        except StoreUnavailable as error:
            self._is_away_until_s = self._clock() + AWAY_S
            self._why_away = (
                f"The cold store, where old segments lie, is away; try again later. {error}"
            )
            raise ColdStoreUnavailable(self._why_away) from None


async def _all(store: ObjectStore, prefix: str) -> list[ObjectStat]:
    return [item async for item in store.list(prefix)]
