"""Reconcile: sessions that the catalog has ended while this ingest could not hear it.

A fact that was said while the bus was away is not said again to a listener without a durable. So
ingest asks, at each reconnect and now and then, which of its sessions are over.
"""

import asyncio
from typing import Protocol

import structlog

from libs.errors import WeirError
from libs.events import PAGE_ROWS, Ask, CheckSessions, EndedSessions
from services.ingest.hub import Hub

log = structlog.get_logger()

EVERY_S = 15.0
RETRY_S = 1.0


class Asker(Protocol):
    """What reconciling needs of the bus."""

    async def ask(self, ask: Ask[EndedSessions], *, timeout_s: float = 5.0) -> EndedSessions: ...


class Reconcile:
    """`run` goes on for ever; `wake` makes it look at once."""

    def __init__(self, hub: Hub, bus: Asker) -> None:
        self._hub = hub
        self._bus = bus
        self._woken = asyncio.Event()

    async def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            pause_s = EVERY_S
            try:
                await self.tick()
            except WeirError as error:
                # Without the catalog everybody stays on air; it is asked again.
                log.info("reconcile.waiting", code=error.code)
                pause_s = RETRY_S
            try:
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def tick(self) -> None:
        """Ask once, and end what is over. Raises what the catalog answers."""
        held = [session.id for session, _ in self._hub.open_sessions()]
        for at in range(0, len(held), PAGE_ROWS):
            page = tuple(held[at : at + PAGE_ROWS])
            answer = await self._bus.ask(CheckSessions(sessions=page))
            for ended in answer.ended:
                self._hub.on_ended_elsewhere(ended.session, ended.cause)
