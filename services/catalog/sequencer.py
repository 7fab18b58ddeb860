"""The sequencer: gives public events their numbers, makes their deliveries, and says so."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.errors import Unavailable
from libs.events import Message, PublicEventsLogged, WebhookDeliveriesDue
from services.catalog import deliveries, public_log
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.looks import look_every
from services.catalog.models import EventHeadRow

log = structlog.get_logger()

LOOK_S = 30.0
"""Looked at again after this long: another catalog may have died before it numbered its events."""
AWAY_S = 1.0
FORGET_S = 600.0


async def sequence(tx: AsyncSession, *, now: datetime) -> int:
    """Number what was written and make its deliveries; how many events."""
    events = await public_log.number(tx, now=now)
    await deliveries.fan_out(tx, events, now=now)
    return len(events)


class Sequencer:
    """Who listens is told when the log has grown, and when there is something to deliver."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        kept: timedelta,
        broadcast: Callable[[Message], Awaitable[None]],
    ) -> None:
        """`kept`: how long events are."""
        self._database = database
        self._clock = clock
        self._kept = kept
        self._broadcast = broadcast
        self._wakes, self._wakes_told = 0, 0
        self._told: dict[str, int] = {}
        """The newest number of each tenant."""

    async def run(self) -> NoReturn:
        while True:
            self._database.events_filled.clear()
            try:
                count = await self.sequence()
                await self._tell()
                if count < public_log.BATCH and await self._is_woken():
                    self._wakes += 1
            except Unavailable as error:
                log.warning("events.waiting", code=error.code)
                await asyncio.sleep(AWAY_S)

    async def sequence(self) -> int:
        """Once; how many events."""
        async with self._database.transaction() as tx:
            return await sequence(tx, now=self._clock())

    async def forget(self) -> NoReturn:
        """Forget what is old, until it is cancelled."""
        await look_every(FORGET_S, self.forget_old, "events")

    async def forget_old(self) -> None:
        gone = public_log.FORGOTTEN
        while gone == public_log.FORGOTTEN:
            async with self._database.transaction() as tx:
                gone = await public_log.forget(tx, now=self._clock(), kept=self._kept)

    async def _tell(self) -> None:
        async with self._database.transaction(read_only=True) as tx:
            query = select(EventHeadRow.tenant_id, EventHeadRow.sequence)
            heads = {head.tenant_id: head.sequence for head in await tx.execute(query)}
        for tenant, newest in heads.items():
            if self._told.get(tenant) != newest:
                await self._broadcast(PublicEventsLogged(tenant=tenant, newest=newest))
                self._told[tenant] = newest
        if self._wakes != self._wakes_told:
            await self._broadcast(WebhookDeliveriesDue(number=self._wakes))
            self._wakes_told = self._wakes

    async def _is_woken(self) -> bool:
        """Wait; whether there is something new."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                return await self._database.events_filled.wait()
        return False
