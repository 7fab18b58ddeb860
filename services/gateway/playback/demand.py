"""The demand for rungs: the catalog is told which sessions are watched by what has rungs in it.

A lazy ladder is made for as long as that is said. A request is noted by one look at a clock; the
catalog is asked once in a while, however many watch, and says when to ask again.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from libs.ending import end
from libs.errors import WeirError
from libs.events import LadderDemand

RETRY_S = 1.0
KEPT_SESSIONS = 4096

log = structlog.get_logger()

WantLadder = Callable[[str], Awaitable[LadderDemand]]
"""Of a session."""


class Demand:
    def __init__(
        self, want_ladder: WantLadder, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._want_ladder = want_ladder
        self._clock = clock
        self._said: OrderedDict[str, float] = OrderedDict()
        """Sessions, and until when it need not be said again."""
        self._saying: set[asyncio.Task[None]] = set()

    def note(self, session: str) -> None:
        """Somebody watches the session, and may choose from its rungs."""
        now_s = self._clock()
        if self._said.get(session, 0.0) > now_s:
            return
        self._put(session, now_s + RETRY_S)
        task = asyncio.create_task(self._say(session), name=f"demand {session}")
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def is_planned(self, session: str, rung: str) -> bool:
        """Somebody wants this rung, which is not there: is it to come?"""
        try:
            demand = await self._want_ladder(session)
        except WeirError as error:
            log.info("demand.unheard", session=session, code=error.code)
            return True  # nobody says that it is not
        return rung in demand.rungs

    async def close(self) -> None:
        await end(*self._saying)

    async def _say(self, session: str) -> None:
        try:
            demand = await self._want_ladder(session)
        except WeirError as error:
            log.info("demand.unheard", session=session, code=error.code)
        else:
            self._put(session, self._clock() + demand.again_s)

    def _put(self, session: str, until_s: float) -> None:
        self._said[session] = until_s
        self._said.move_to_end(session)
        if len(self._said) > KEPT_SESSIONS:
            self._said.popitem(last=False)
