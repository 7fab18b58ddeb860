"""What the gateway hears and says on the bus about who calls."""

import asyncio
from typing import NoReturn

import structlog

from libs.bus import Bus
from libs.errors import WeirError
from libs.events import AccessChanged, Envelope
from services.gateway.access.access import Access

NOTE_S = 15.0
"""How often the catalog is told who was there: idle sessions end by it, minutes later at least."""

log = structlog.get_logger()


class AccessNews:
    """Registers its handlers at once; `run` goes on."""

    def __init__(self, bus: Bus, access: Access) -> None:
        self._bus = bus
        self._access = access
        bus.watch_fact(AccessChanged)(self._on_changed)
        bus.on_reconnect(self._on_reconnect)

    async def run(self) -> NoReturn:
        while True:
            await asyncio.sleep(NOTE_S)
            await self.note()

    async def note(self) -> None:
        """Say who was there since."""
        used = self._access.callers.take_used()
        if used is None:
            return
        try:
            await self._bus.ask(used)
        except WeirError as error:
            # Who is still there is said the next time; a session's idle time is minutes.
            log.info("access.unnoted", code=error.code)

    async def _on_changed(self, envelope: Envelope[AccessChanged]) -> None:
        self._access.callers.changed(envelope.data)

    async def _on_reconnect(self) -> None:
        self._access.callers.doubt()
