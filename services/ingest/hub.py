"""The hub of live sessions: opens publishes, joins them into sessions, ends sessions.

It is the RTMP server's door: `publish` and `play`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from urllib.parse import parse_qs
from weakref import WeakValueDictionary

import structlog
from opentelemetry import trace

from libs.bus import within
from libs.errors import WeirError
from libs.events import (
    EndCause,
    Message,
    PlayerAdmitted,
    PublishGrant,
    SessionEnded,
    SoundChanged,
    StreamPublished,
    StreamUnpublished,
    ViewPolicy,
)
from libs.rtmp import RTMPRefused, StreamRequest
from libs.signing import MAX_TOKEN_CHARS
from services.ingest.admission import Admission
from services.ingest.errors import SessionOver, SessionUnknown, ShuttingDown, StreamBusy, refusal_of
from services.ingest.metrics import LOST, PUBLISHERS, REFUSALS, SESSIONS
from services.ingest.play import PlayRoom
from services.ingest.players import Player, Players, PlayersBus
from services.ingest.publish import Publish
from services.ingest.replay import ReplayWindow, Shelf
from services.ingest.session import Session
from services.ingest.settings import Settings
from services.ingest.wall import ClockBehind

log = structlog.get_logger()
tracer = trace.get_tracer("weir.ingest")

LAST_RUNGS_S = 10.0
"""How long after the end of its session a rung may still be pushed."""
DRAIN_S = 1.5
"""How long a stop waits for readers to take the end of their sessions."""


class HubBus(PlayersBus, Protocol):
    """What the hub needs of the bus."""

    def say(self, message: Message) -> None: ...


@dataclass(slots=True, eq=False)
class Live:
    """A stream's open session: with its publish, or with the timer of its reconnect window."""

    session: Session
    publish: Publish | None = None
    view_policy: ViewPolicy = "public"
    room: PlayRoom | None = None
    """Of those who play it over RTMP, once there was one."""
    last_cause: EndCause = "connection_lost"
    """Why its last publish ended."""
    reconnect_window_s: float = 0.0
    ending: asyncio.TimerHandle | None = None
    traceparent: str | None = None


class Hub:
    """All sessions that this ingest holds."""

    def __init__(
        self, settings: Settings, bus: HubBus, shelf: Shelf, *, origin_url: Callable[[], str]
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._shelf = shelf
        self._origin_url = origin_url
        self._admission = Admission(settings, bus, origin_url=origin_url)
        self.players = Players(settings.instance, bus)
        self._live: dict[str, Live] = {}
        self._sessions: dict[str, Session] = {}
        """The open ones, and those that have ended but may still be pulled."""
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._is_stopping = False

    # --- the door -------------------------------------------------------------------------

    async def publish(self, request: StreamRequest, *, wall_ms: float | None = None) -> Publish:
        """Admit a publisher; `wall_ms` is when its first tag was made, if it tells.

        Raises `RTMPRefused` with the status that encoders know, and `ClockBehind`.
        """
        with tracer.start_as_current_span("publish") as span:
            try:
                publish = await self._open(request, wall_ms)
            except WeirError as error:
                REFUSALS.labels(error.code).inc()
                log.warning(
                    "publish.refused", stream=request.name[:80], peer=request.peer_address,
                    code=error.code, reason=str(error),
                )  # fmt: skip
                if isinstance(error, ClockBehind):
                    raise  # whoever tells a time is no encoder
                raise refusal_of(error) from error
            span.set_attribute("weir.stream", publish.stream)
            span.set_attribute("weir.session", publish.session.id)
            span.set_attribute("weir.generation", publish.generation)
            log.info(
                "publish.opened", stream=publish.stream, session=publish.session.id,
                generation=publish.generation, peer=request.peer_address, encoder=request.encoder,
            )  # fmt: skip
            return publish

    async def play(self, request: StreamRequest) -> Player:
        """A place in the audience of what is on air. Raises `RTMPRefused`."""
        is_public = self._on_air(request.name).view_policy == "public"
        grant = await self._admit(request, is_public=is_public)
        live = self._on_air(request.name)
        if grant is None and live.view_policy == "signed":
            raise RTMPRefused("NetStream.Play.Failed", "Watch this stream by its signed link.")
        live.room = live.room or PlayRoom(live.session)
        address = request.peer_address
        return self.players.join(request.name, address, live.room.audience, grant)

    def _on_air(self, stream: str) -> Live:
        live = self._live.get(stream)
        if live is None:
            raise RTMPRefused("NetStream.Play.StreamNotFound", "Nobody publishes this stream now.")
        return live

    async def _admit(self, request: StreamRequest, *, is_public: bool) -> PlayerAdmitted | None:
        """What the viewer token of the request's query grants; None: it has none, nor needs one.

        Of a public stream a gateway is asked as well: its tenant may have a quota of viewers. If
        none answers, anybody may watch.
        """
        token = parse_qs(request.query).get("token", [""])[0][:MAX_TOKEN_CHARS]
        try:
            granted = await self.players.admit(request.name, token, request.peer_address)
        except WeirError as error:
            if is_public and error.retry:
                return None
            reason = str(error) if error.retry else f"Unauthorized: {error}"
            log.info("play.refused", stream=request.name, code=error.code, reason=reason)
            raise RTMPRefused("NetStream.Play.Failed", reason) from error
        return granted if granted.token_id else None

    def on_view_policy(self, stream: str, policy: ViewPolicy) -> None:
        """Whoever plays without a token what is signed from now on is sent away."""
        live = self._live.get(stream)
        if live is None:
            return
        live.view_policy = policy
        if policy == "signed":
            self.players.on_signed(stream)

    def on_marks(self, stream: str, *, is_marked: bool) -> None:
        """From now on the stream's picture is shown with marks only, or as it comes."""
        live = self._live.get(stream)
        if live is not None:
            live.session.follow_marks(is_marked=is_marked)

    async def _open(self, request: StreamRequest, wall_ms: float | None) -> Publish:
        stream = self._admission.check(request)
        turn = self._turns.setdefault(stream, asyncio.Lock())
        async with turn:
            held = self._hold(stream)
            try:
                is_earlier = wall_ms is not None and self.check_time(stream, wall_ms)
                grant = await self._admission.ask(request, held_session=held, is_earlier=is_earlier)
                live = self._join(grant)
                if wall_ms is not None:
                    live.session.follow_clock(wall_ms)
            except BaseException:
                self._let_go(stream)
                raise
            return self._begin(live, grant, via=request.installations)

    def check_time(self, stream: str, wall_ms: float) -> bool:
        """Whether the open session has media of a later time, so that another must be begun. Raises
        `ClockBehind` if somebody publishes it: what is old must not cut off what is live.
        """
        live = self._live.get(stream)
        if live is None or not live.session.is_past(wall_ms):
            return False
        if live.publish is not None:
            raise ClockBehind("The stream is on air, with media of a later time; upload it later.")
        return True

    def _hold(self, stream: str) -> str | None:
        """The open session of `stream`, which must not end while the catalog is asked."""
        live = self._live.get(stream)
        if live is None:
            return None
        self._disarm(live)
        return live.session.id

    def _let_go(self, stream: str) -> None:
        """A session without a publisher waits for one until its reconnect window has passed."""
        live = self._live.get(stream)
        if live is not None and live.publish is None and live.ending is None:
            live.ending = asyncio.get_running_loop().call_later(
                live.reconnect_window_s, self._end, live
            )

    def _join(self, grant: PublishGrant) -> Live:
        """The session of the grant: the one that we hold, or a new one."""
        if self._is_stopping:
            raise ShuttingDown("This ingest is being stopped; try again.")
        live = self._live.get(grant.stream)
        if live is not None:
            if live.publish is not None and grant.policy == "reject":
                raise StreamBusy("The stream is being published already.")
            self._revoke(live, "taken_over")
            if live.session.id == grant.session:
                return live
            self._end(live)
        if grant.session in self._sessions:
            # It ended while the catalog granted it; numbering it anew would mix two logs.
            raise SessionOver("The session has just ended; try again.")
        session = Session(
            grant.session,
            tenant=grant.tenant,
            stream=grant.stream,
            replay=ReplayWindow(
                self._shelf,
                keep_ms=int(self._settings.replay_s * 1000),
                max_bytes=self._settings.replay_bytes,
                on_lost=partial(self._on_lost, grant),
            ),
            on_sound=self._on_sound,
        )
        live = Live(session)
        self._sessions[session.id] = session
        self._live[grant.stream] = live
        SESSIONS.set(len(self._live))
        return live

    def _begin(self, live: Live, grant: PublishGrant, *, via: tuple[str, ...]) -> Publish:
        self._disarm(live)
        publish = Publish(
            live.session, grant, on_first_frame=self._on_first_frame, on_over=self._on_over
        )
        live.publish = publish
        live.reconnect_window_s = grant.reconnect_window_s
        self.on_view_policy(grant.stream, grant.view_policy)
        live.session.follow_marks(is_marked=grant.is_marked)
        live.traceparent = publish.traceparent
        live.session.begin_publish(grant.generation, via=via)
        PUBLISHERS.inc()
        return publish

    # --- what happens to a publish --------------------------------------------------------

    def _on_first_frame(self, publish: Publish) -> None:
        session = publish.session
        with within(publish.traceparent):
            self._bus.say(
                StreamPublished(
                    tenant=session.tenant,
                    stream=session.stream,
                    session=session.id,
                    generation=publish.generation,
                    origin_url=self._origin_url(),
                    started_at=datetime.now(UTC),
                )
            )

    def _on_sound(self, session: Session) -> None:
        """Its sound has to be made AAC from now on, or not any more."""
        live = self._live.get(session.stream)
        codec = session.foreign_sound
        with within(live.traceparent if live is not None else None):
            log.info("sound.changed", stream=session.stream, session=session.id, foreign=codec)
            self._bus.say(
                SoundChanged(
                    tenant=session.tenant,
                    stream=session.stream,
                    session=session.id,
                    tag=session.next_tag,
                    foreign_codec=codec,
                )
            )

    def _on_over(self, publish: Publish, cause: EndCause) -> None:
        PUBLISHERS.dec()
        session = publish.session
        with within(publish.traceparent):
            log.info(
                "publish.closed", stream=session.stream, session=session.id,
                generation=publish.generation, cause=cause, next_tag=session.next_tag,
            )  # fmt: skip
            self._bus.say(
                StreamUnpublished(
                    tenant=session.tenant,
                    stream=session.stream,
                    session=session.id,
                    generation=publish.generation,
                    cause=cause,
                    ended_at=datetime.now(UTC),
                )
            )
        live = self._live.get(session.stream)
        if live is not None and live.publish is publish:
            live.publish = None
            live.last_cause = cause
            self._let_go(session.stream)

    def _revoke(self, live: Live, cause: EndCause) -> None:
        """End the publish that is on; the session stays open, and its timer off."""
        if live.publish is not None:
            live.publish.revoke(cause)
        self._disarm(live)

    # --- what happens to a session --------------------------------------------------------

    def on_ended_elsewhere(self, session_id: str, cause: EndCause = "taken_over") -> None:
        """The catalog ended a session of ours: another ingest has the stream, or it took us for
        gone. Whoever still pushes is cut off; a publisher that comes back gets a new session.
        """
        session = self._sessions.get(session_id)
        live = self._live.get(session.stream) if session is not None else None
        if live is not None and live.session is session:
            self._revoke(live, cause)
            live.last_cause = cause
            self._end(live)

    async def stop(self) -> None:
        """End every session with its cue, and let the readers have it."""
        self._is_stopping = True
        for live in list(self._live.values()):
            self._revoke(live, "shutdown")
            live.last_cause = "shutdown"
            self._end(live)
        deadline = asyncio.get_running_loop().time() + DRAIN_S
        while any(session.readers for session in self._sessions.values()):
            if asyncio.get_running_loop().time() > deadline:
                log.warning("hub.readers_left_behind")
                return
            await asyncio.sleep(0.02)

    def _end(self, live: Live) -> None:
        """No publisher came back in time."""
        self._disarm(live)
        session = live.session
        if self._live.get(session.stream) is live:
            del self._live[session.stream]
        SESSIONS.set(len(self._live))
        session.end(live.last_cause)
        with within(live.traceparent):
            log.info(
                "session.ended", stream=session.stream, session=session.id,
                cause=live.last_cause, next_tag=session.next_tag, lost=session.replay.lost_tags,
            )  # fmt: skip
            self._bus.say(
                SessionEnded(
                    tenant=session.tenant,
                    stream=session.stream,
                    session=session.id,
                    cause=live.last_cause,
                    last_tag=session.next_tag - 1,
                    ended_at=datetime.now(UTC),
                )
            )
        asyncio.get_running_loop().call_later(LAST_RUNGS_S, session.ladder.cut_off)
        asyncio.get_running_loop().call_later(
            self._settings.replay_s, self._forget, session, self._settings.unacknowledged_s
        )

    def _forget(self, session: Session, patience_s: float) -> None:
        """Give the session's memory back once all of it is acknowledged, or nobody ever will."""
        if session.is_safe or patience_s <= 0 or not session.frames:
            session.clear()
            self._sessions.pop(session.id, None)
            return
        again_s = self._settings.replay_s
        asyncio.get_running_loop().call_later(again_s, self._forget, session, patience_s - again_s)

    def _on_lost(self, grant: PublishGrant, tags: int) -> None:
        """Nobody acknowledged tags in time: the packager will find a gap, and we say why."""
        LOST.inc(tags)
        log.error("replay.lost", stream=grant.stream, session=grant.session, tags=tags)

    def _disarm(self, live: Live) -> None:
        if live.ending is not None:
            live.ending.cancel()
            live.ending = None

    # --- for the origin -------------------------------------------------------------------

    def session(self, session_id: str) -> Session:
        """A session that is open or may still be pulled. Raises `SessionUnknown`."""
        try:
            return self._sessions[session_id]
        except KeyError:
            raise SessionUnknown(f"This ingest holds no session {session_id!r}.") from None

    def is_publishing(self, session: Session) -> bool:
        live = self._live.get(session.stream)
        return live is not None and live.session is session and live.publish is not None

    def open_sessions(self) -> list[tuple[Session, bool]]:
        """Sessions that have not ended, and whether somebody publishes."""
        return [(live.session, live.publish is not None) for live in self._live.values()]
