"""All package jobs of this process, by session."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import structlog

from libs.events import PackageRequested
from libs.tags.errors import SessionUnknown
from services.packager.errors import MediaNotYet
from services.packager.packing import Packing

log = structlog.get_logger()

LINGER_S = 60.0
"""How long an ended session's window is still served from memory."""


class Running(Protocol):
    order: PackageRequested

    async def run(self) -> None: ...


class Packings:
    """Takes offers up to `max_sessions`, and finds the packing that serves a session."""

    def __init__(
        self,
        begin: Callable[[PackageRequested], Awaitable[Packing | None]],
        *,
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
        max_sessions: int,
        linger_s: float = LINGER_S,
    ) -> None:
        self._begin = begin
        self._spawn = spawn
        self._max_sessions = max_sessions
        self._linger_s = linger_s
        self._packings: dict[str, Packing] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beginning: set[str] = set()
        self._is_stopping = False

    async def take(self, order: PackageRequested) -> bool:
        """Answer an offer: True if this process packages the session from now on (or does)."""
        session = order.session
        if session in self._tasks:
            return True
        if self._is_stopping or len(self._tasks) >= self._max_sessions:
            return False
        # The lease is seen by others before its taking has returned.
        self._beginning.add(session)
        try:
            packing = await self._begin(order)
        finally:
            self._beginning.discard(session)
        if packing is None or self._is_stopping:
            return False
        self._packings[session] = packing
        self._tasks[session] = self._spawn(self._run(session, packing), f"packing {session}")
        return True

    def find(self, session: str) -> Packing:
        """Raises `SessionUnknown`, or `MediaNotYet` for a session that is being taken on."""
        packing = self._packings.get(session)
        if session in self._beginning and (packing is None or packing.window.is_closed):
            raise MediaNotYet(f"Session {session} is being taken on; ask again.")
        if packing is None:
            raise SessionUnknown(f"This packager does not have session {session!r}.")
        return packing

    async def stop(self) -> None:
        """End every packing: what was cut is spooled or will be cut again, leases are free."""
        self._is_stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, session: str, packing: Packing) -> None:
        try:
            await packing.run()
        finally:
            del self._tasks[session]
        await asyncio.sleep(self._linger_s if packing.window.is_ended else 0)
        if self._packings.get(session) is packing:
            del self._packings[session]
