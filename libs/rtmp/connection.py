"""A connection of the RTMP server: one asyncio protocol, no task while it publishes."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, cast

import structlog

from libs.descriptors import places
from libs.errors import WeirError
from libs.events import EndCause
from libs.media import amf0
from libs.media.flv import Tag, TagType
from libs.rtmp import handshake, messages
from libs.rtmp.chunks import ChunkReader, Message
from libs.rtmp.door import (
    INSTALLATION,
    MAX_INSTALLATIONS,
    Door,
    Limits,
    PlayHandle,
    PublishHandle,
    StreamRequest,
)
from libs.rtmp.errors import RTMPRefused, RTMPViolation
from libs.rtmp.lobby import Lobby
from libs.rtmp.messages import MessageType, UserControl
from libs.rtmp.pacer import Pacer

log = structlog.get_logger()

APPS = frozenset({"live", "stream"})
"""Two names of one app."""
WINDOW_ACK_BYTES = 2_500_000
CHECK_S = 1.0
_MEDIA = {int(kind): kind for kind in (TagType.AUDIO, TagType.VIDEO)}
"""The messages that are one tag each."""
_REVOKED: dict[EndCause, str] = {"taken_over": "Another publisher took the stream."}
PLAYERS_SHARE = 0.75
"""Of the places, so that publishers find one whoever watches."""
LINGER_S = 0.5
"""Between a refusal's status and the close, so that the peer reads it."""


class Premises:
    """What the connections of a server share."""

    def __init__(self, door: Door, limits: Limits | None = None) -> None:
        self.door = door
        self.limits = limits or Limits()
        self.connections: set[Connection] = set()
        self.players: set[Connection] = set()
        self.lobby = Lobby(
            max_waiting=self.limits.max_half_open,
            max_per_address=self.limits.max_half_open_per_address,
        )
        self.pacer = Pacer()


class Connection(asyncio.Protocol):
    """One peer, from the handshake to the close."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._limits = premises.limits
        self._loop = asyncio.get_running_loop()
        self._reader = ChunkReader(max_message_bytes=self._limits.max_message_bytes)
        self._receive: Callable[[bytes], None] = self._receive_handshake
        self._greeting = handshake.Greeting()
        self._app = ""
        self._app_query = ""
        self._encoder = ""
        self._installations: tuple[str, ...] = ()
        self._publish: PublishHandle | None = None
        self._play: PlayHandle | None = None
        self._work: asyncio.Task[None] | None = None
        self._pending: list[Message] = []
        self._received = 0
        self._acknowledged = 0
        self._window = WINDOW_ACK_BYTES
        self._is_half_open = False
        self._is_closed = False

    # --- asyncio.Protocol -------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername") or ("?",)
        self._address = str(peer[0])
        self._since = self._last = self._loop.time()
        self._timer = self._loop.call_later(CHECK_S, self._check_time)
        self._premises.connections.add(self)
        self._is_half_open = True
        self._premises.lobby.enter(self._evict, self._address)
        if len(self._premises.connections) > places():
            self._close("no place: the process has no descriptors left for it")

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._last = self._loop.time()
        try:
            self._receive(data)
        except RTMPViolation as error:
            self._close(str(error), cause="protocol_error")
        if self._received - self._acknowledged >= self._window // 2 and not self._is_closed:
            self._acknowledged = self._received
            acknowledged = self._received & 0xFFFFFFFF
            self._transport.write(messages.control(MessageType.ACKNOWLEDGEMENT, acknowledged))

    def connection_lost(self, exc: Exception | None) -> None:
        self._close("connection lost" if exc else "closed by the peer", cause="connection_lost")

    # --- handshake and chunks ----------------------------------------------------------

    def _receive_handshake(self, data: bytes) -> None:
        said = self._greeting.feed(data)
        if said:
            self._transport.write(said)
        if self._greeting.rest is not None:
            self._receive = self._receive_chunks
            self._since = self._loop.time()
            if self._greeting.rest:
                self._receive_chunks(self._greeting.rest)

    def _receive_chunks(self, data: bytes) -> None:
        tags: list[Tag] = []
        for message in self._reader.feed(data):
            kind = _MEDIA.get(message.type) if self._publish is not None else None
            if kind is not None:
                if message.body:
                    tags.append(Tag(kind, message.timestamp, message.body))
                continue
            if tags and self._publish is not None:
                self._publish.accept(*tags)
                tags = []
            if self._work is not None:
                self._pending.append(message)
            else:
                self._on_message(message)
        if tags and self._publish is not None:
            self._publish.accept(*tags)

    def _on_message(self, message: Message) -> None:
        match message.type:
            case MessageType.COMMAND | MessageType.COMMAND_AMF3:
                if len(message.body) > self._limits.max_command_bytes:
                    raise RTMPViolation(f"a command of {len(message.body)} bytes")
                self._on_command(messages.read_command(message))
            case MessageType.DATA | MessageType.DATA_AMF3:
                if len(message.body) > self._limits.max_metadata_bytes:
                    raise RTMPViolation(f"metadata of {len(message.body)} bytes")
                self._accept_all(message)
            case MessageType.AUDIO | MessageType.VIDEO | MessageType.AGGREGATE:
                self._accept_all(message)
            case MessageType.WINDOW_ACK_SIZE:
                self._window = max(int.from_bytes(message.body[:4], "big"), 65536)
            case MessageType.USER_CONTROL:
                event = int.from_bytes(message.body[:2], "big")
                if event == UserControl.PING_REQUEST:
                    value = int.from_bytes(message.body[2:6], "big")
                    self._transport.write(messages.user_control(UserControl.PING_RESPONSE, value))
            case _:
                pass  # acknowledgements, bandwidth and types that mean nothing here

    def _accept_all(self, message: Message) -> None:
        if self._publish is not None:
            self._publish.accept(*messages.read_tags(message))

    # --- commands ----------------------------------------------------------------------

    def _on_command(self, values: list[Any]) -> None:
        name, transaction, *rest = values
        match name:
            case "connect":
                self._on_connect(transaction, rest[0] if rest else None)
            case "createStream":
                stream = float(messages.STREAM_ID)
                self._transport.write(messages.command("_result", transaction, None, stream))
            case "publish" | "play":
                self._on_stream_request(name, rest[1] if len(rest) > 1 else None)
            case "FCUnpublish" | "deleteStream" | "closeStream":
                if self._publish is not None:
                    self._close("publisher ended", cause="publisher_ended")
                elif self._play is not None:
                    self._close("player ended")
            case "releaseStream" | "FCPublish" | "getStreamLength" | "_checkbw":
                self._transport.write(messages.command("_result", transaction, None))
            case _:
                pass  # pause, receiveAudio and others change nothing for a live stream

    def _on_connect(self, transaction: float, facts: Any) -> None:
        if not isinstance(facts, dict):
            raise RTMPViolation("connect without its object")
        app, _, self._app_query = str(facts.get("app", "")).partition("?")
        self._app = app.strip("/")
        self._encoder = str(facts.get("flashVer", ""))[:100]
        self._installations = _read_installations(str(facts.get(INSTALLATION, "")))
        if self._app not in APPS:
            reason = amf0.Object(
                level="error",
                code="NetConnection.Connect.Rejected",
                description="The app is `live` or `stream`.",
            )
            self._transport.write(messages.command("_error", transaction, None, reason))
            self._close_soon("a connect to an unknown app")
            return
        self._transport.write(
            messages.control(MessageType.WINDOW_ACK_SIZE, WINDOW_ACK_BYTES)
            + messages.control(MessageType.SET_PEER_BANDWIDTH, WINDOW_ACK_BYTES, b"\x02")
            + messages.set_chunk_size()
            + messages.connected(transaction, facts)
        )

    def _on_stream_request(self, verb: str, name: Any) -> None:
        if not self._app:
            raise RTMPViolation(f"{verb} before connect")
        if not isinstance(name, str) or self._publish is not None or self._play is not None:
            raise RTMPViolation(f"a {verb} that makes no sense here")
        stream, _, query = name.partition("?")
        request = StreamRequest(
            app=self._app,
            name=stream,
            query=query or self._app_query,
            peer_address=self._address,
            encoder=self._encoder,
            installations=self._installations,
        )
        # Nothing is read from the socket while the door decides; what came with the same bytes
        # waits in `_pending`.
        self._transport.pause_reading()
        self._premises.lobby.leave(self._evict)
        begin = self._begin_play if verb == "play" else self._begin_publish
        self._work = self._loop.create_task(begin(request))

    async def _begin_publish(self, request: StreamRequest) -> None:
        try:
            handle = await self._premises.door.publish(request)
        except WeirError as error:
            self._refuse(error, "NetStream.Publish.Failed")
            return
        if self._is_closed:
            await handle.close("connection_lost")
            return
        self._publish = handle
        self._last = self._loop.time()
        handle.revoked.add_done_callback(self._on_revoked)
        self._settled()
        self._transport.write(
            messages.user_control(UserControl.STREAM_BEGIN, messages.STREAM_ID)
            + messages.on_status("NetStream.Publish.Start", "Publishing.")
        )
        self._go_on()

    def _go_on(self) -> None:
        """The door has decided."""
        self._work = None
        pending, self._pending = self._pending, []
        try:
            for message in pending:
                self._on_message(message)
        except RTMPViolation as error:
            self._close(str(error), cause="protocol_error")
            return
        self._transport.resume_reading()

    async def _begin_play(self, request: StreamRequest) -> None:
        try:
            if len(self._premises.players) >= PLAYERS_SHARE * places():
                raise RTMPRefused("NetStream.Play.Failed", "All places are taken; try again later.")
            handle = await self._premises.door.play(request)
        except WeirError as error:
            self._refuse(error, "NetStream.Play.Failed")
            return
        if self._is_closed:
            handle.close()
            return
        self._play = handle
        self._settled()
        self._transport.write(
            messages.user_control(UserControl.STREAM_BEGIN, messages.STREAM_ID)
            + messages.on_status("NetStream.Play.Reset", "Playing.")
            + messages.on_status("NetStream.Play.Start", "Playing.")
        )
        self._premises.players.add(self)
        handle.audience.join(self)
        handle.dismissed.add_done_callback(self._on_dismissed)
        self._go_on()

    # --- reading at the pacer's tick ------------------------------------------------------

    @property
    def may_wait(self) -> bool:
        """Whether it publishes to nobody who waits."""
        is_steady = self._publish is not None and self._work is None and not self._is_closed
        return is_steady and self._publish is not None and self._publish.may_wait

    def _check_pace(self) -> None:
        # What TLS has decrypted or not is known to the transport only.
        if self.may_wait and self._transport.get_extra_info("ssl_object") is None:
            self._premises.pacer.add(self)

    @property
    def transport(self) -> asyncio.Transport:
        return self._transport

    def pace(self, *, is_paced: bool) -> None:
        if is_paced:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
            self._check_in(CHECK_S)
        if self._publish is not None:
            self._publish.pace(is_paced=is_paced)

    # --- what an audience asks of its players ------------------------------------------

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    @property
    def is_slow(self) -> bool:
        return self._transport.get_write_buffer_size() > self._limits.player_buffer_bytes

    def finish(self) -> None:
        self._transport.write(
            messages.user_control(UserControl.STREAM_EOF, messages.STREAM_ID)
            + messages.on_status("NetStream.Play.UnpublishNotify", "The stream has ended.")
        )
        self._close_soon("the stream ended")

    # --- ends --------------------------------------------------------------------------

    def _refuse(self, error: WeirError, fallback: str) -> None:
        status = error.rtmp_status if isinstance(error, RTMPRefused) else fallback
        self._transport.write(messages.on_status(status, str(error), level="error"))
        self._close_soon(f"refused: {error.code}: {error}")

    def _on_revoked(self, revoked: asyncio.Future[EndCause]) -> None:
        if not revoked.cancelled() and not self._is_closed:
            why = _REVOKED.get(revoked.result(), "The stream was closed.")
            status = messages.on_status("NetStream.Publish.BadName", why, level="error")
            self._transport.write(status)
            self._close(f"revoked: {revoked.result()}", cause=revoked.result())

    def _on_dismissed(self, dismissed: asyncio.Future[str]) -> None:
        if self._play is None or dismissed.cancelled() or self._is_closed:
            return
        self._play.audience.leave(self)
        status = messages.on_status("NetStream.Play.Failed", dismissed.result(), level="error")
        self._transport.write(status)
        self._close_soon(f"dismissed: {dismissed.result()}")

    def _check_time(self) -> None:
        now = self._loop.time()
        if self._receive != self._receive_chunks:
            limit, since, what = self._limits.handshake_s, self._since, "no handshake"
        elif self._work is not None:
            # It is we who make it wait; how long, the door knows.
            limit, since, what = self._limits.idle_s, now, "no answer"
        elif self._is_half_open:
            limit, since, what = self._limits.command_s, self._since, "no publish or play"
        elif self._publish is not None:
            limit, since, what = self._limits.idle_s, self._last, "no bytes"
        else:
            return  # a player: its audience sees to it
        if now - since > limit:
            self._close(f"{what} within {limit:g} s", cause="idle")
            return
        self._check_pace()
        # At the pacer's tick it is read in any case: nothing but its silence is left to look for.
        is_paced = self in self._premises.pacer
        self._check_in(max(CHECK_S, limit - (now - since)) if is_paced else CHECK_S)

    def _check_in(self, wait_s: float) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_later(wait_s, self._check_time)

    def _settled(self) -> None:
        self._is_half_open = False
        self._premises.lobby.leave(self._evict)

    def _evict(self) -> None:
        self._close("it made room: too many connections neither publish nor play")

    def _close_soon(self, reason: str) -> None:
        """Close after the peer had a moment to read what we wrote."""
        self._receive = lambda _: None
        self._loop.call_later(LINGER_S, self._close, reason)

    def _close(self, reason: str, *, cause: EndCause = "connection_lost") -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._settled()
        self._timer.cancel()
        self._premises.connections.discard(self)
        self._premises.players.discard(self)
        self._premises.pacer.discard(self)
        self._transport.close()
        self._loop.call_later(LINGER_S, self._transport.abort)
        log.info("rtmp.closed", reason=reason, peer=self._address, received=self._received)
        if self._play is not None:
            self._play.audience.leave(self)
            self._play.close()
        if self._publish is not None:
            self._ending = self._loop.create_task(self._publish.close(cause))

    async def end(self, cause: EndCause) -> None:
        """Close from our side, and wait until the publish is over."""
        self._close(f"ended: {cause}", cause=cause)
        if self._publish is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._ending


def _read_installations(said: str) -> tuple[str, ...]:
    marks = [mark[:100] for mark in said.split(",", MAX_INSTALLATIONS) if mark]
    return tuple(marks)
