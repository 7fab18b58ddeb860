"""All package jobs of this process, by session."""

import asyncio
from collections.abc import Awaitable, Callable

from libs.events import PackageRequested
from libs.tags import LiveJobs, SessionUnknown, Spawn
from services.packager.errors import MediaNotYet
from services.packager.packing import Packing

LINGER_S = 60.0
"""How long an ended session's window is still served from memory."""


class Packings:
    """Takes offers up to `max_sessions`, and finds the packing that serves a session."""

    def __init__(
        self,
        begin: Callable[[PackageRequested], Awaitable[Packing | None]],
        *,
        spawn: Spawn,
        max_sessions: int,
        linger_s: float = LINGER_S,
    ) -> None:
        self._begin = begin
        self._linger_s = linger_s
        self._packings: dict[str, Packing] = {}
        self._beginning: set[str] = set()
        self._jobs: LiveJobs[PackageRequested, Packing] = LiveJobs(
            self._take_up, spawn=spawn, max_jobs=max_sessions, after=self._linger
        )

    async def take(self, order: PackageRequested) -> bool:
        """Answer an offer: True if this process packages the session from now on (or does)."""
        return await self._jobs.take(order)

    def find(self, session: str) -> Packing:
        """Who serves a request; that is noted as demand.

        Raises `SessionUnknown`, or `MediaNotYet` for a session that is being taken on.
        """
        packing = self._packings.get(session)
        if session in self._beginning and (packing is None or packing.window.is_closed):
            raise MediaNotYet(f"Session {session} is being taken on; ask again.")
        if packing is None:
            raise SessionUnknown(f"This packager does not have session {session!r}.")
        packing.demand.note()
        return packing

    def stream_changed(self, stream: str) -> None:
        for packing in self._packings.values():
            if packing.order.stream == stream:
                packing.stream_changed()

    async def stop(self) -> None:
        """End every packing: what was cut is spooled or will be cut again, leases are free."""
        await self._jobs.stop()

    async def _take_up(self, order: PackageRequested) -> Packing | None:
        # The lease is seen by others before its taking has returned.
        self._beginning.add(order.session)
        try:
            packing = await self._begin(order)
        finally:
            self._beginning.discard(order.session)
        if packing is not None:
            self._packings[order.session] = packing
        return packing

    async def _linger(self, packing: Packing) -> None:
        await asyncio.sleep(self._linger_s if packing.window.is_ended else 0)
        if self._packings.get(packing.order.session) is packing:
            del self._packings[packing.order.session]
