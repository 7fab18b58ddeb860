"""Players that watch by HLS or DASH through this gateway.

They hold no connection, so each request is a sign of life; one that has asked for nothing during
nearly three target durations has left.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from libs.events import ViewerKind
from services.gateway.viewers.grant import Grant

TARGETS = 3
EARLY_S = 1.0
"""So much earlier one is given up, so that all gateways know when the three have passed."""
KICKED_S = 600.0
"""How long a viewer session that was sent away is refused."""
MAX_SESSIONS = 100_000
"""More than this one gateway can serve; past it the oldest is forgotten."""


@dataclass(slots=True, eq=False)
class Session:
    """One player's viewer session."""

    id: str
    stream: str
    kind: ViewerKind
    grant: Grant
    address: str
    seen_at: float
    """Of its last request, on the monotonic clock."""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class Attendance:
    """`on_join` and `on_leave` are called at once; `sweep` wants to be called every second or so.

    `target_s` is the target duration of a stream.
    """

    def __init__(
        self,
        *,
        target_s: Callable[[str], float],
        on_join: Callable[[Session], None],
        on_leave: Callable[[Session], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target_s = target_s
        self._on_join = on_join
        self._on_leave = on_leave
        self._clock = clock
        self._sessions: OrderedDict[tuple[str, str], Session] = OrderedDict()
        self._kicked: dict[tuple[str, str], float] = {}
        """By stream and session, until when they are refused."""

    def __len__(self) -> int:
        return len(self._sessions)

    def touch(self, stream: str, viewer: str) -> bool:
        """A request of this session; False if it is not known here."""
        session = self._sessions.get((stream, viewer))
        if session is None:
            return False
        session.seen_at = self._clock()
        return True

    def join(self, stream: str, viewer: str, kind: ViewerKind, grant: Grant, address: str) -> None:
        """A session's first request."""
        session = Session(viewer, stream, kind, grant, address, self._clock())
        self._sessions[(stream, viewer)] = session
        self._on_join(session)
        if len(self._sessions) > MAX_SESSIONS:
            self._end(next(iter(self._sessions.values())))

    def is_kicked(self, stream: str, viewer: str) -> bool:
        return bool(self._kicked) and self._kicked.get((stream, viewer), 0.0) > self._clock()

    def kick(self, stream: str, viewer: str) -> None:
        """Refuse this session from now on; it may watch through another gateway."""
        self._kicked[(stream, viewer)] = self._clock() + KICKED_S
        session = self._sessions.get((stream, viewer))
        if session is not None:
            self._end(session)

    def of(self, stream: str) -> list[Session]:
        return [session for session in self._sessions.values() if session.stream == stream]

    def end_where(self, is_over: Callable[[Session], bool]) -> None:
        """Those who may not watch any more; their next requests are refused by the gate."""
        for session in [each for each in self._sessions.values() if is_over(each)]:
            self._end(session)

    def sweep(self) -> None:
        """Let go who has not asked for anything for long."""
        now = self._clock()
        lasts_s: dict[str, float] = {}
        gone = []
        for session in self._sessions.values():
            stream = session.stream
            if stream not in lasts_s:
                lasts_s[stream] = TARGETS * self._target_s(stream) - EARLY_S
            if now - session.seen_at >= lasts_s[stream]:
                gone.append(session)
        for session in gone:
            self._end(session)
        for key in [key for key, until in self._kicked.items() if until <= now]:
            del self._kicked[key]

    def _end(self, session: Session) -> None:
        del self._sessions[(session.stream, session.id)]
        self._on_leave(session)
