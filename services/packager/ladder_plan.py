"""What the catalog plans for a session: the rungs that players are told of before they are made."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from libs.errors import WeirError
from libs.events import Ladder, PackageRequested

log = structlog.get_logger()

AGAIN_S = 60.0
"""A change of the stream is heard at once; this is for news that was missed."""
RETRY_S = 2.0

AskLadder = Callable[[str], Awaitable[Ladder | None]]
"""Of a session."""


class LadderPlan:
    """Set `changed` when the session's stream is changed."""

    def __init__(self, order: PackageRequested, ask: AskLadder) -> None:
        self.changed = asyncio.Event()
        self._session = order.session
        self._ask = ask
        self._log = log.bind(stream=order.stream, session=order.session)

    async def follow(self, tell: Callable[[Ladder | None], None]) -> None:
        """Ask now, and whenever it may be another. While nobody answers, what was told stands."""
        while True:
            self.changed.clear()
            pause_s = AGAIN_S
            try:
                tell(await self._ask(self._session))
            except WeirError as error:
                self._log.info("ladder.unknown", code=error.code, reason=str(error))
                pause_s = RETRY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), pause_s)
