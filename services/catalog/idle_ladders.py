"""Ends the lazy ladders that nobody watches any more."""

import asyncio

import structlog

from libs.errors import Unavailable
from services.catalog import ladders
from services.catalog.clock import Clock
from services.catalog.database import Database

log = structlog.get_logger()

LONGEST_PAUSE_S = 5.0


class IdleLadders:
    def __init__(self, database: Database, clock: Clock, *, idle_s: float) -> None:
        self._database = database
        self._clock = clock
        self._idle_s = idle_s

    async def run(self) -> None:
        while True:
            await asyncio.sleep(min(self._idle_s / 2, LONGEST_PAUSE_S))
            try:
                await self.tick()
            except Unavailable as error:
                log.warning("idle_ladders.waiting", code=error.code)

    async def tick(self) -> None:
        """Raises `DatabaseDown`."""
        now = self._clock()
        async with self._database.transaction(read_only=True) as tx:
            if not await ladders.has_idle(tx, now=now, idle_s=self._idle_s):
                return
        async with self._database.transaction() as tx:
            await ladders.let_go(tx, now=now, idle_s=self._idle_s)
