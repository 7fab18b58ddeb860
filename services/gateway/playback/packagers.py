"""How the edge asks a session's packager, and remembers who has just not answered."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from http.client import INTERNAL_SERVER_ERROR

from services.gateway import metrics
from services.gateway.errors import OriginUnreachable
from services.gateway.playback.directory import Directory
from services.gateway.playback.origin import READ_S, Fetched, Origin

PATIENCE_S = 1.0
"""After a packager failed, how long nobody waits for it who can be served something stale."""
LOOK_S = 0.5
"""How often a request that is held looks whether its packager is still the one."""
KEPT_FAILURES = 4096


class Packagers:
    def __init__(
        self,
        directory: Directory,
        origin: Origin,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._origin = origin
        self._clock = clock
        self._failed_at: OrderedDict[str, float] = OrderedDict()
        """By session, when its packager last did not answer."""

    async def ask(self, session: str, path: str, *, wait_s: float = READ_S) -> Fetched | None:
        """None if there is no packager now, it does not answer, or another has taken over."""
        packager = self._directory.packager(session)
        if packager is None:
            return None
        asking = asyncio.create_task(self._origin.packaged(packager, path, wait_s=wait_s))
        try:
            while not asking.done():
                await asyncio.wait({asking}, timeout=LOOK_S)
                if self._directory.packager(session) != packager:
                    break  # a packager that is stopped would never answer
            if not asking.done():
                return None
            fetched = asking.result()
        except OriginUnreachable:
            self._note_failure(session)
            metrics.ORIGIN_FAILURES.labels("packager").inc()
            return None
        finally:
            asking.cancel()
        return None if fetched.status >= INTERNAL_SERVER_ERROR else fetched

    def has_just_failed(self, session: str) -> bool:
        return self._clock() - self._failed_at.get(session, -PATIENCE_S) < PATIENCE_S

    def _note_failure(self, session: str) -> None:
        self._failed_at[session] = self._clock()
        self._failed_at.move_to_end(session)
        while len(self._failed_at) > KEPT_FAILURES:
            self._failed_at.popitem(last=False)
