"""Demand: whether anybody asks for what is live here.

Parts are worth hurrying for only while somebody waits for them. Otherwise ingest may gather tags,
which spares both services most of their waking up. Who asks then is answered with what there is,
and ingest sends the rest at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from libs.errors import Unavailable
from libs.tags.errors import SessionUnknown

QUIET_S = 3.0
"""Nobody has asked for so long: nobody waits for parts."""
WAIT_S = 0.5
"""For so long tags may be gathered then. It is also how much more of a recording is lost with an
ingest that is killed."""

log = structlog.get_logger()


class Demand:
    """`note` each request. `run` tells ingest, through `gather`, when demand comes and goes."""

    def __init__(
        self,
        gather: Callable[[float], Awaitable[None]],
        *,
        quiet_s: float = QUIET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gather = gather
        self._quiet_s = quiet_s
        self._clock = clock
        self._asked_at = clock()
        self._asked = asyncio.Event()
        self._wait_s = WAIT_S

    def bound(self, wait_s: float) -> None:
        """From now on no tag waits for longer."""
        self._wait_s = min(wait_s, self._wait_s)
        self.note()

    def note(self) -> None:
        """A request for something of the session."""
        self._asked_at = self._clock()
        self._asked.set()

    async def run(self) -> None:
        """For as long as one pull goes on: what was said of another means nothing."""
        await self._say(0)
        while True:
            # An event would wake it for every request.
            while (left_s := self._asked_at + self._quiet_s - self._clock()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(left_s)
            self._asked.clear()
            await self._say(self._wait_s)
            await self._asked.wait()
            await self._say(0)

    async def _say(self, wait_s: float) -> None:
        try:
            await self._gather(wait_s)
        except (Unavailable, SessionUnknown) as error:
            # The pull itself will tell what is wrong; tags come either way.
            log.info("demand.unheard", reason=str(error))
