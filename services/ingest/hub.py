"""The hub of live sessions: admits publishes, hands sessions on, ends them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

import structlog
from opentelemetry import trace

from libs.bus import RemoteError, traceparent, within
from libs.errors import Unauthorized, WeirError
from libs.events import (
    Ask,
    EndCause,
    Message,
    OpenPublish,
    PublishGrant,
    SessionEnded,
    StreamPublished,
    StreamUnpublished,
)
from libs.media.flv import FLVReader, Tag
from libs.names import check_stream_id
from libs.rtmp import RTMPRefused, StreamRequest
from libs.signing import verify_push
from services.ingest.errors import CatalogAway, SessionUnknown, bad_name, unauthorized
from services.ingest.metrics import PUBLISHERS, RECEIVED, REFUSALS
from services.ingest.replay import ReplayWindow
from services.ingest.session import Session, utc_now
from services.ingest.settings import Settings

log = structlog.get_logger()
tracer = trace.get_tracer("weir.ingest")

RETRY_ASK_S = 0.3


class BusLike(Protocol):
    """What the hub needs of the bus."""

    def say(self, message: Message) -> None: ...

    async def ask(self, ask: Ask[PublishGrant], *, timeout_s: float = 5.0) -> PublishGrant: ...


@dataclass(slots=True)
class Live:
    """What the hub holds of one stream: its open session and, while somebody pushes, the push."""

    session: Session
    publish: "Publish | None" = None
    ending: asyncio.Task[None] | None = None
    last_cause: EndCause = "connection_lost"
    reconnect_window_s: float = 0.0


class Hub:
    """All sessions of this ingest. Also the RTMP server's door."""

    def __init__(self, settings: Settings, bus: BusLike, *, origin_url: Callable[[], str]) -> None:
        self._settings = settings
        self._bus = bus
        self._origin_url = origin_url
        self._live: dict[str, Live] = {}
        self._sessions: dict[str, Session] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    # --- the door ---------------------------------------------------------------------

    async def publish(self, request: StreamRequest) -> "Publish":
        """Admit a publisher, or raise `RTMPRefused` with the status that encoders know."""
        with tracer.start_as_current_span("publish") as span:
            try:
                publish = await self._open(request)
            except WeirError as error:
                REFUSALS.labels(error.code).inc()
                log.warning(
                    "publish.refused", stream=request.name[:80], peer=request.peer_address,
                    code=error.code, reason=str(error),
                )  # fmt: skip
                raise _refusal(error) from None
            span.set_attribute("weir.stream", publish.stream)
            span.set_attribute("weir.session", publish.session.id)
            return publish

    async def play(self, request: StreamRequest) -> AsyncIterator[list[Tag]]:
        live = self._live.get(request.name)
        if live is None:
            raise RTMPRefused(
                "NetStream.Play.StreamNotFound", f"{request.name} is not streaming live now"
            )
        session = live.session
        reader = FLVReader()
        first = session.replay.gop_start
        yield [tag for tag in reader.feed(session.prologue(first)) if not _is_mark(tag)]
        async for entries in session.read(first):
            tags = reader.feed(b"".join(entry.wire for entry in entries))
            yield [tag for tag in tags if not _is_mark(tag)]

    async def _open(self, request: StreamRequest) -> "Publish":
        stream = check_stream_id(request.name)
        key = parse_qs(request.query).get("sign", [""])[0]
        secret = self._settings.push_secret.get_secret_value()
        verify_push(stream, key, secret, int(time.time()))
        async with self._opening.setdefault(stream, asyncio.Lock()):
            held = self._hold(stream)
            try:
                grant = await self._ask(request, held)
            except WeirError:
                self._let_go(stream)
                raise
            session = self._session_for(grant)
            live = self._live[stream]
            if live.publish is not None:
                if grant.policy == "reject":
                    raise bad_name("The stream is being published already.")
                live.publish.revoke("taken_over")
            publish = Publish(self, session, grant)
            live.publish = publish
            session.begin_publish(grant.generation)
        PUBLISHERS.inc()
        log.info(
            "publish.opened", stream=stream, session=session.id, generation=grant.generation,
            peer=request.peer_address, encoder=request.encoder,
        )  # fmt: skip
        return publish

    async def _ask(self, request: StreamRequest, held: str | None) -> PublishGrant:
        """Ask the catalog; one that is away gets `catalog_wait_s` to come back."""
        ask = OpenPublish(
            stream=request.name,
            ingest=self._settings.instance,
            origin_url=self._origin_url(),
            held_session=held,
            remote_address=request.peer_address,
        )
        deadline = time.monotonic() + self._settings.catalog_wait_s
        while True:
            left = deadline - time.monotonic()
            try:
                return await self._bus.ask(ask, timeout_s=max(left, 0.5))
            except WeirError as error:
                if not error.retry:
                    raise
                if left <= RETRY_ASK_S:
                    raise CatalogAway("Weir cannot admit publishers now; try again.") from None
            await asyncio.sleep(RETRY_ASK_S)

    def _hold(self, stream: str) -> str | None:
        """The open session of `stream`, which must not end while the catalog is asked."""
        live = self._live.get(stream)
        if live is None:
            return None
        if live.ending is not None:
            live.ending.cancel()
            live.ending = None
        return live.session.id

    def _let_go(self, stream: str) -> None:
        """The publish was refused: a session without a publisher waits again."""
        live = self._live.get(stream)
        if live is not None and live.publish is None and live.ending is None:
            live.ending = asyncio.create_task(
                self._end_later(stream, live, live.last_cause, live.reconnect_window_s)
            )

    def _session_for(self, grant: PublishGrant) -> Session:
        """The session of the grant: the one we hold, or a new one (the old one then ends)."""
        live = self._live.get(grant.stream)
        if live is not None and live.session.id == grant.session:
            return live.session
        if live is not None:
            if live.publish is not None:
                live.publish.revoke("taken_over")
            self._end(grant.stream, live, "taken_over")
        replay = ReplayWindow(
            keep_ms=int(self._settings.replay_s * 1000), max_bytes=self._settings.replay_bytes
        )
        session = Session(grant.session, tenant=grant.tenant, stream=grant.stream, replay=replay)
        self._sessions[session.id] = session
        self._live[grant.stream] = Live(session)
        return session

    # --- ends -------------------------------------------------------------------------

    def on_published(self, publish: "Publish") -> None:
        """The first media of a publish is numbered."""
        session = publish.session
        with within(publish.traceparent):
            self._bus.say(
                StreamPublished(
                    tenant=session.tenant,
                    stream=session.stream,
                    session=session.id,
                    generation=publish.generation,
                    origin_url=self._origin_url(),
                    started_at=utc_now(),
                )
            )

    def on_closed(self, publish: "Publish", cause: EndCause) -> None:
        """A publish is over; its session waits for another until the window has passed."""
        PUBLISHERS.dec()
        session = publish.session
        log.info("publish.closed", stream=session.stream, session=session.id, cause=cause)
        with within(publish.traceparent):
            self._bus.say(
                StreamUnpublished(
                    tenant=session.tenant,
                    stream=session.stream,
                    session=session.id,
                    generation=publish.generation,
                    cause=cause,
                    ended_at=utc_now(),
                )
            )
        live = self._live.get(session.stream)
        if live is not None and live.publish is publish:
            live.publish = None
            live.last_cause = cause
            live.reconnect_window_s = publish.reconnect_window_s
            self._let_go(session.stream)

    def on_ended_elsewhere(self, session_id: str) -> None:
        """The catalog ended a session of ours (another ingest took the stream over)."""
        for stream, live in list(self._live.items()):
            if live.session.id == session_id:
                if live.publish is not None:
                    live.publish.revoke("taken_over")
                self._end(stream, live, "taken_over")

    async def stop(self) -> None:
        """End every session, so that recordings close properly."""
        for stream, live in list(self._live.items()):
            if live.publish is not None:
                live.publish.revoke("shutdown")
            self._end(stream, live, "shutdown")

    async def _end_later(self, stream: str, live: Live, cause: EndCause, after_s: float) -> None:
        await asyncio.sleep(after_s)
        live.ending = None
        self._end(stream, live, cause)

    def _end(self, stream: str, live: Live, cause: EndCause) -> None:
        session = live.session
        if live.ending is not None:
            live.ending.cancel()
        if self._live.get(stream) is live:
            del self._live[stream]
        session.end(cause)
        self._bus.say(
            SessionEnded(
                tenant=session.tenant,
                stream=stream,
                session=session.id,
                cause=cause,
                last_tag=session.next_tag - 1,
                ended_at=utc_now(),
            )
        )
        # The packager may still have to pull the end; the memory goes after that.
        asyncio.get_running_loop().call_later(
            self._settings.replay_s, self._sessions.pop, session.id, None
        )

    # --- for the origin ---------------------------------------------------------------

    def session(self, session_id: str) -> Session:
        try:
            return self._sessions[session_id]
        except KeyError:
            raise SessionUnknown(f"This ingest holds no session {session_id!r}.") from None

    def open_sessions(self) -> list[tuple[Session, bool]]:
        """Sessions that have not ended, and whether somebody pushes."""
        return [(live.session, live.publish is not None) for live in self._live.values()]


class Publish:
    """One accepted publish of a session; the RTMP server's `PublishHandle`."""

    def __init__(self, hub: Hub, session: Session, grant: PublishGrant) -> None:
        self.session = session
        self.stream = grant.stream
        self.generation = grant.generation
        self.reconnect_window_s = grant.reconnect_window_s
        self.traceparent = traceparent()
        self.revoked: asyncio.Future[EndCause] = asyncio.get_running_loop().create_future()
        self._hub = hub
        self._is_said = False
        self._is_over = False

    def accept(self, tag: Tag) -> None:
        """One tag from the connection. A publish that is over is fenced: nothing of it counts."""
        if self._is_over:
            return
        RECEIVED.inc(len(tag.body))
        if self.session.accept(tag) and not self._is_said:
            self._is_said = True
            self._hub.on_published(self)

    def revoke(self, cause: EndCause) -> None:
        """End the publish from our side; the server then closes its connection."""
        if not self._is_over:
            self._is_over = True
            self._hub.on_closed(self, cause)
            self.revoked.set_result(cause)

    async def close(self, cause: EndCause) -> None:
        """The connection is gone."""
        if not self._is_over:
            self._is_over = True
            self._hub.on_closed(self, cause)


def _refusal(error: WeirError) -> RTMPRefused:
    if isinstance(error, RTMPRefused):
        return error
    if isinstance(error, Unauthorized):
        return unauthorized()
    if isinstance(error, RemoteError | CatalogAway) and error.retry:
        return RTMPRefused("NetStream.Publish.Failed", str(error))
    return bad_name(str(error))


def _is_mark(tag: Tag) -> bool:
    return tag.body[3:8] == b"weir." and tag.body[:1] == b"\x02"
