"""Deletes what attempts that do not count have left in the store: those that were killed."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from libs.errors import WeirError
from libs.events import JobLitter, Litter
from libs.storage import ObjectStore

log = structlog.get_logger()


class LitterSweep:
    """Several processes may sweep at once: what is deleted twice is deleted."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        ask: Callable[[], Awaitable[JobLitter]],
        forget: Callable[[tuple[Litter, ...]], Awaitable[None]],
    ) -> None:
        self._store = store
        self._ask = ask
        self._forget = forget

    async def run(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.tick()
            except WeirError as error:
                if not error.retry:
                    raise
                log.info("litter.waiting", code=error.code)

    async def tick(self) -> None:
        """Raises what the store and the catalog raise."""
        found = (await self._ask()).litter
        for item in found:
            keys = [stat.key async for stat in self._store.list(f"{item.folder}/")]
            if keys:
                await self._store.delete(keys)
                whose = item.model_dump(exclude={"folder"}, exclude_none=True)
                log.info("litter.deleted", **whose, objects=len(keys))
        if found:
            await self._forget(found)
