"""What a link to a part of a stream reaches: one session, or a window of wall-clock time.

The media of both lie under the stream's own addresses, which say a segment's session and number but
not its time. So it is asked once which numbers a window has, and each request is a look-up.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, NamedTuple

from libs.events import LoggedRun
from libs.names import SESSION_ID
from services.gateway.playback.flights import Flights
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.views.span import read_span

KEPT = 10_000
"""Windows; a few hundred bytes each."""
ASK_AGAIN_S = 0.2
"""Of a window that may still grow."""
SETTLED_S = 60.0
"""A window that ended so long ago gets no more rows."""
_MEDIA = frozenset({Kind.SEGMENT, Kind.PART, Kind.INIT, Kind.TRANSPORT})

ListRuns = Callable[[str, datetime, datetime], Coroutine[Any, Any, list[LoggedRun]]]
"""Of a stream, from an instant to another."""


class _Reach(NamedTuple):
    msns: dict[str, tuple[int, int]]
    """First and last of each session."""
    is_settled: bool
    asked_s: float

    def has(self, route: MediaRoute) -> bool:
        found = self.msns.get(route.session)
        if found is None or route.kind is Kind.INIT:
            return found is not None
        first, last = found
        return first <= int(route.name.partition(".")[0]) <= last


class Scopes:
    """`clock` is monotonic."""

    def __init__(
        self,
        list_runs: ListRuns,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._list_runs = list_runs
        self._clock = clock
        self._wall = wall
        self._known: OrderedDict[str, _Reach] = OrderedDict()
        self._flights: Flights[None] = Flights()

    def covers(self, stream: str, view: str, route: MediaRoute | None) -> bool | None:
        """Whether a link to `view` reaches what is asked for, if anything less than the stream is.

        None: it has to be asked for; see `find`.
        """
        if route is None:
            return False
        if route.kind is Kind.VIEW:
            return view in (route.session, route.span)
        if route.kind not in _MEDIA:
            return False
        if _is_session(view):
            return route.session == view
        reach = self._known.get(f"{stream}/{view}")
        if reach is not None and reach.has(route):
            return True
        return None if self._is_stale(reach) else False

    async def find(self, stream: str, view: str) -> None:
        """Ask what a window has. Raises what the catalog answers."""
        key = f"{stream}/{view}"
        if not _is_session(view) and self._is_stale(self._known.get(key)):
            await self._flights.fly(key, lambda: self._fetch(key, stream, view))

    def _is_stale(self, reach: _Reach | None) -> bool:
        """Whether there may be more than is known."""
        if reach is None:
            return True
        return not reach.is_settled and self._clock() - reach.asked_s >= ASK_AGAIN_S

    async def _fetch(self, key: str, stream: str, view: str) -> None:
        span = read_span(view, now=datetime.fromtimestamp(self._wall(), UTC))
        is_settled = span.until_at.timestamp() < self._wall() - SETTLED_S
        msns: dict[str, tuple[int, int]] = {}
        for run in await self._list_runs(stream, span.from_at, span.until_at):
            first, _ = msns.get(run.session, (run.first_msn, 0))
            msns[run.session] = (first, run.last_msn)
        self._known[key] = _Reach(msns, is_settled, self._clock())
        self._known.move_to_end(key)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)


def _is_session(view: str) -> bool:
    return SESSION_ID.fullmatch(view) is not None
