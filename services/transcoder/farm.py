"""All finite jobs of this process: who is let in, who makes way for live streams, who goes on."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from libs.errors import NotFound, Unavailable, WeirError
from libs.events import ROOMS, FiniteJobRequested, JobGrant
from libs.tags import Spawn
from services.transcoder import metrics
from services.transcoder.attempt import Attempt, Stop
from services.transcoder.cost import Slots

log = structlog.get_logger()

ROOM_S = 4.0
"""How long an order is held until there is room here; then another worker may have it."""
LEAVE_S = 3.0
"""What ending an attempt may take when the process is told to stop."""


class NotNow(Unavailable):
    """Given back to the bus, which offers it again soon, here or elsewhere."""

    code = "not_now"


class Farm:
    """`begin` opens an attempt in the catalog, `make` makes it ours."""

    def __init__(
        self,
        begin: Callable[[str], Awaitable[JobGrant]],
        make: Callable[[JobGrant], Attempt],
        *,
        slots: Slots,
        spawn: Spawn,
    ) -> None:
        self._begin = begin
        self._make = make
        self._slots = slots
        self._spawn = spawn
        self._running: dict[str, Attempt] = {}
        """By their place among the slots, those begun first in front."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._is_stopping = False
        slots.on_change.append(self._on_change)

    async def take(self, order: FiniteJobRequested) -> None:
        """Do it, from now on. Raises `NotNow`."""
        place = f"{order.job}:{order.offer}"
        await self._enter(place, ROOMS[order.size].cores)
        attempt = None
        try:
            attempt = await self._open(order)
        finally:
            if attempt is None:
                self._slots.leave_finite(place)
        if attempt is not None:
            self._running[place] = attempt
            task = self._spawn(self._run(place, attempt), order.job)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._make_way()
            if self._is_stopping:
                attempt.stop(Stop.DRAINED)

    def cancelled(self, job: str) -> None:
        for attempt in self._running.values():
            if attempt.grant.job == job:
                attempt.stop(Stop.CANCELLED)

    async def stop(self) -> None:
        """Send everything back; return when the catalog has been told, or after a while."""
        self._is_stopping = True
        self._room.set()
        for attempt in self._running.values():
            attempt.stop(Stop.DRAINED)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LEAVE_S)

    # --- within ---------------------------------------------------------------------------------

    async def _enter(self, place: str, cores: float) -> None:
        until_s = asyncio.get_running_loop().time() + ROOM_S
        while not self._is_stopping:
            if self._slots.enter_finite(place, cores):
                metrics.FINITE_SLOTS.set(self._slots.taken_by_finite)
                return
            self._room.clear()
            try:
                async with asyncio.timeout_at(until_s):
                    await self._room.wait()
            except TimeoutError:
                break
        raise NotNow("There is no room for this job here now.")

    async def _open(self, order: FiniteJobRequested) -> Attempt | None:
        """None when nobody wants it (any more), or another has begun it."""
        try:
            return self._make(await self._begin(order.job))
        except WeirError as error:
            if error.status == NotFound.status:
                return None
            raise NotNow(f"The catalog did not open an attempt: {error}") from error

    async def _run(self, place: str, attempt: Attempt) -> None:
        try:
            await attempt.run()
        finally:
            del self._running[place]
            self._slots.leave_finite(place)
            metrics.FINITE_SLOTS.set(self._slots.taken_by_finite)

    def _on_change(self) -> None:
        self._room.set()
        self._make_way()

    def _make_way(self) -> None:
        """Those begun first run on in the room that others leave; the rest pause."""
        taken = self._slots.taken_before_finite
        room = self._slots.size - taken
        for number, attempt in enumerate(self._running.values()):
            room -= attempt.cores
            if room >= 0 or (number == 0 and not taken):
                attempt.resume()
            else:
                attempt.pause()
