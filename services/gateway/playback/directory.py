"""The live directory: which streams are on air, where their tags come from, who packages them.

It is built from facts (at once, maybe lost), from the catalog's list (complete, a little late)
and from the leases of packagers. What is newer wins by generation, so order does not matter; when
the bus or the catalog is away the last knowledge stays.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from libs.events import Session, SessionEnded, StreamPublished, StreamUnpublished

ENDED_KEPT = 4096
"""Ended sessions that are remembered, so that late news cannot revive them."""
ENDED_LINGER_S = 30.0
"""How long an ended session's playlists may still be asked for: players fetch its tail."""
SETTLING_S = 15.0
"""How long a new packager may take until it has its live window back."""


@dataclass(frozen=True, slots=True)
class Live:
    """A session that is on air or within its reconnect window."""

    tenant: str
    stream: str
    session: str
    generation: int
    origin_url: str
    """Of the ingest that holds the session's tags."""
    is_publishing: bool
    traceparent: str | None = None
    learned_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Packager:
    """Who holds a session's package lease."""

    session: str
    url: str
    epoch: int
    since: float
    is_released: bool = False
    """Whether it let go of the session. It still has the window for a while: that of an ended
    session, above all, whose last playlist players have yet to fetch."""


class Directory:
    """In memory only; `on_change` is called with the stream id after each change."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._live: dict[str, Live] = {}
        self._ended: OrderedDict[str, tuple[float, Live | None]] = OrderedDict()
        self._packagers: OrderedDict[str, Packager] = OrderedDict()
        self._on_change: list[Callable[[str], None]] = []
        self.complete = asyncio.Event()
        """Set once the catalog's whole list has been seen."""

    @property
    def is_complete(self) -> bool:
        return self.complete.is_set()

    def on_change(self, tell: Callable[[str], None]) -> None:
        self._on_change.append(tell)

    # --- questions ------------------------------------------------------------------

    def live(self, stream: str) -> Live | None:
        return self._live.get(stream)

    def lives(self) -> list[Live]:
        return list(self._live.values())

    def session(self, stream: str, session: str) -> Live | None:
        """A session of this stream that is live, or ended only just now."""
        live = self._live.get(stream)
        if live is not None and live.session == session:
            return live
        ended_at, ended = self._ended.get(session, (0.0, None))
        if ended is None or ended.stream != stream:
            return None
        return ended if self._clock() - ended_at < ENDED_LINGER_S else None

    def playable(self, stream: str) -> Live | None:
        """The stream's live session, or the one that ended last if that is only just over."""
        live = self._live.get(stream)
        if live is not None:
            return live
        now = self._clock()
        for ended_at, ended in reversed(self._ended.values()):
            if now - ended_at >= ENDED_LINGER_S:
                return None
            if ended is not None and ended.stream == stream:
                return ended
        return None

    def packager(self, session: str) -> Packager | None:
        """Who holds the session, or held it last."""
        return self._packagers.get(session)

    def is_settling(self, session: str) -> bool:
        """Whether nobody holds the session, or one so new that it may lack its window yet."""
        packager = self._packagers.get(session)
        if packager is None or packager.is_released:
            return True
        return self._clock() - packager.since < SETTLING_S

    # --- news -----------------------------------------------------------------------

    def published(self, fact: StreamPublished, *, traceparent: str | None = None) -> None:
        known = self._live.get(fact.stream)
        if fact.session in self._ended or (known and known.generation > fact.generation):
            return
        if known and known.generation == fact.generation and not known.is_publishing:
            return  # its end has been heard before its beginning
        if known and known.session == fact.session and known.traceparent:
            traceparent = known.traceparent  # the session's trace is its first publish's
        self._put(
            Live(
                tenant=fact.tenant,
                stream=fact.stream,
                session=fact.session,
                generation=fact.generation,
                origin_url=fact.origin_url,
                is_publishing=True,
                traceparent=traceparent,
                learned_at=self._clock(),
            )
        )

    def unpublished(self, fact: StreamUnpublished) -> None:
        known = self._live.get(fact.stream)
        if known and known.session == fact.session and known.generation <= fact.generation:
            self._put(replace(known, is_publishing=False, generation=fact.generation))

    def ended(self, fact: SessionEnded) -> None:
        self._end(fact.stream, fact.session)

    def listed(self, sessions: Iterable[Session], *, asked_at: float) -> None:
        """The catalog's whole list of open sessions; it was asked for at `asked_at` (our clock).

        A live session that it does not have is over, unless we heard of it after we asked.
        """
        found: dict[str, Session] = {}
        for session in sessions:
            best = found.get(session.stream)
            if session.id not in self._ended and (
                best is None or session.generation > best.generation
            ):
                found[session.stream] = session
        for live in self.lives():
            if live.stream not in found and live.learned_at < asked_at:
                self._end(live.stream, live.session)
        for session in found.values():
            self._learn(session, asked_at)
        self.complete.set()

    def leased(self, session: str, url: str, epoch: int) -> None:
        """A packager took the session, or still has it."""
        known = self._packagers.get(session)
        if known is not None and (known.epoch > epoch or (known.epoch, known.url) == (epoch, url)):
            return
        self._packagers[session] = Packager(session, url, epoch, self._clock())
        self._packagers.move_to_end(session)
        while len(self._packagers) > ENDED_KEPT + len(self._live):
            self._packagers.popitem(last=False)

    def released(self, session: str) -> None:
        """The session's packager let go of it; another may take it."""
        known = self._packagers.get(session)
        if known is not None:
            self._packagers[session] = replace(known, is_released=True)

    def _learn(self, session: Session, asked_at: float) -> None:
        known = self._live.get(session.stream)
        if known and known.session == session.id and known.generation == session.generation:
            if known.learned_at < asked_at and known.is_publishing != session.is_publishing:
                self._put(replace(known, is_publishing=session.is_publishing))
            return
        if known and (known.generation, known.session) >= (session.generation, session.id):
            return
        self._put(
            Live(
                tenant=session.tenant,
                stream=session.stream,
                session=session.id,
                generation=session.generation,
                origin_url=session.origin_url,
                is_publishing=session.is_publishing,
                traceparent=session.traceparent,
                learned_at=self._clock(),
            )
        )

    def _put(self, live: Live) -> None:
        before = self._live.get(live.stream)
        if before and before.session != live.session:
            self._remember_end(before.session, before)
        self._live[live.stream] = live
        self._tell(live.stream)

    def _end(self, stream: str, session: str) -> None:
        live = self._live.get(stream)
        if live is None or live.session != session:
            if session not in self._ended:
                self._remember_end(session, None)
            return
        self._remember_end(session, live)
        del self._live[stream]
        self._tell(stream)

    def _remember_end(self, session: str, live: Live | None) -> None:
        self._ended[session] = (self._clock(), live)
        while len(self._ended) > ENDED_KEPT:
            self._ended.popitem(last=False)

    def _tell(self, stream: str) -> None:
        for tell in self._on_change:
            tell(stream)
