"""One media request on a connection, from its head to the last byte of its answer."""

import asyncio
import socket
from typing import Any, NamedTuple, Protocol

import structlog
from uvicorn.protocols.http.flow_control import FlowControl

from libs.errors import WeirError
from services.gateway import metrics
from services.gateway.again import Again
from services.gateway.playback.growing import Growing, Growth
from services.gateway.playback.miss import Awaited, Later
from services.gateway.playback.player import Player
from services.gateway.playback.reply import (
    METHOD_NOT_ALLOWED,
    NO_PLACE,
    PREFLIGHT,
    UPGRADE_REQUIRED,
    Body,
    Reply,
    growing_head,
    stream_head,
    text,
    websocket_head,
)
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.playback.websocket import Handshake
from services.gateway.viewers.visit import Visit

JOIN_BYTES = 16 * 1024
"""Up to this size one copy is cheaper than a second buffer for the kernel."""

log = structlog.get_logger()


class _NoEvent:
    """uvicorn wakes the ASGI app of a cycle; a turn has none."""

    def set(self) -> None:
        pass


_NO_EVENT = _NoEvent()


class Request(NamedTuple):
    route: MediaRoute
    method: bytes
    visit: Visit
    handshake: Handshake | None = None
    """It asks for a WebSocket."""
    is_chunkable: bool = True
    """Whether it understands chunked transfer (not HTTP/1.0)."""


class Front(Protocol):
    """What a turn needs of the connection that it is on."""

    transport: asyncio.Transport
    turn: "Turn | None"

    @property
    def player(self) -> Player: ...
    @property
    def flow(self) -> FlowControl: ...
    @property
    def common_lines(self) -> bytes: ...
    def send(self, *buffers: Body) -> None: ...
    def finish(self) -> None: ...
    def guard_stall(self) -> None: ...
    def detach(self) -> socket.socket: ...
    def on_response_complete(self) -> None: ...


class Turn:
    """Stands where uvicorn's protocol keeps its `RequestResponseCycle`, with the same names."""

    message_event = _NO_EVENT

    def __init__(self, front: Front, request: Request | None, *, keep_alive: bool) -> None:
        self._front = front
        self._request = request
        self.keep_alive = keep_alive
        self.response_complete = request is None
        self.disconnected = False
        self.more_body = False
        self._awaited: Awaited | Later | None = None
        self._growing: Growing | None = None
        self._is_written = False
        self._is_to_watch = False
        """Becomes a viewer as soon as the answers before this one have gone out."""

    def start(self) -> None:
        """Answer, now or when the answer is there."""
        front, request = self._front, self._request
        if request is None or front.transport.is_closing():
            return
        front.turn = self
        metrics.REQUESTS.counts[request.route.kind] += 1
        try:
            answer = self._answer(request)
        except Exception as error:  # noqa: BLE001 - the parser would call it a bad request
            self._write(_reply_of(error))
            return
        if isinstance(answer, Reply | Growth):
            self._write(answer)
        elif answer is not None:
            self._awaited = answer
            answer.task.add_done_callback(self._on_answer)

    def abandon(self) -> None:
        """The connection is gone."""
        self.disconnected = True
        if self._awaited is not None:
            self._awaited.task.remove_done_callback(self._on_answer)
        if self._growing is not None:
            self._growing.leave(self._on_piece)
        self.response_complete = True

    def again(self, data: bytes, headers: list[tuple[bytes, bytes]]) -> Again | None:
        """What the next request may repeat of this one, which was `data`."""
        request = self._request
        if request is None or request.method != b"GET" or not self.keep_alive:
            return None
        return Again.of(data, headers, request.visit)

    def resume(self) -> None:
        """The transport has room again."""
        if self._is_to_watch:
            self._become_viewer()
        elif self._is_written:
            self._complete()

    def _answer(self, request: Request) -> Reply | Growth | Awaited | Later | None:
        """None: it has become a viewer."""
        if request.method == b"OPTIONS":
            return PREFLIGHT
        if request.method not in (b"GET", b"HEAD"):
            self.keep_alive = False  # its body is not read
            return METHOD_NOT_ALLOWED
        if request.route.kind is not Kind.FLV:
            return self._front.player.answer(request.route, request.visit)
        if request.handshake is not None and not request.handshake.check():
            return UPGRADE_REQUIRED
        is_websocket = request.handshake is not None
        refusal = self._front.player.refuse_flv(
            request.route.stream, request.visit, is_websocket=is_websocket
        )
        if refusal is None:
            self._watch()
        elif refusal is NO_PLACE:
            self.keep_alive = False  # its connection is a place, too
        return refusal

    def _watch(self) -> None:
        front, request = self._front, self._request
        assert request is not None
        self.keep_alive = False
        if request.method == b"HEAD":
            front.transport.write(stream_head(front.common_lines))
            self._complete()
            return
        self._is_to_watch = True
        # With these limits the protocol is paused while anything at all is unsent.
        front.transport.set_write_buffer_limits(high=0)
        if not front.flow.write_paused:
            self._become_viewer()

    def _become_viewer(self) -> None:
        """The connection leaves asyncio: from here on it belongs to its audience."""
        front, request = self._front, self._request
        assert request is not None
        self._is_to_watch = False
        try:
            connection = front.detach()
        except OSError as error:
            log.warning("viewer.no_place", reason=str(error))
            self._write(NO_PLACE)
            return
        self.response_complete = True
        front.turn = None
        common, handshake = front.common_lines, request.handshake
        head = websocket_head(handshake.accept, common) if handshake else stream_head(common)
        is_websocket = handshake is not None
        front.player.watch(
            request.route, request.visit, connection, head, is_websocket=is_websocket
        )

    def _on_answer(self, task: "asyncio.Task[Any]") -> None:
        awaited, self._awaited = self._awaited, None
        if self.disconnected or awaited is None:
            return
        if task.cancelled():
            self._front.transport.close()
            return
        reply: Reply | Growth | None
        try:
            reply = awaited.reply()
        except Exception as error:  # noqa: BLE001 - whatever it is, this request gets its answer
            reply = _reply_of(error)
        if reply is None:
            self._watch()
        else:
            self._write(reply)

    def _write(self, reply: Reply | Growth) -> None:
        front = self._front
        assert self._request is not None
        if isinstance(reply, Growth):
            self._begin_growing(reply)
            return
        common = front.common_lines
        size = 0 if self._request.method == b"HEAD" else len(reply.body)
        if 0 < size <= JOIN_BYTES and self.keep_alive:
            front.send(reply.joined(common))
        else:
            head = reply.head(common) if self.keep_alive else reply.last_head(common)
            front.send(*((head, reply.body) if size else (head,)))
        metrics.BYTES.counts[self._request.route.kind] += size
        self._finish()

    def _finish(self) -> None:
        front = self._front
        self._is_written = True
        # Requests behind this one wait until its bytes have room, so that a pipeline of large
        # segments does not pile up in memory.
        if front.flow.write_paused:
            front.guard_stall()
        else:
            self._complete()

    def _begin_growing(self, growth: Growth) -> None:
        front, request = self._front, self._request
        growing = growth.growing
        assert request is not None
        head = growing_head(
            growth.headers,
            front.common_lines,
            keep_alive=self.keep_alive,
            is_chunked=request.is_chunkable,
        )
        front.transport.write(head)
        if request.method == b"HEAD":
            self._finish()
            return
        self._growing = growing
        for piece in growing.pieces:
            self._on_piece(piece)
        if growing.is_done:
            self._on_piece(b"")
        else:
            growing.listen(self._on_piece)

    def _on_piece(self, piece: bytes) -> None:
        """What a listener of `Growing` is called with."""
        front, request, growing = self._front, self._request, self._growing
        assert request is not None
        assert growing is not None
        if piece:
            metrics.BYTES.counts[request.route.kind] += len(piece)
            if request.is_chunkable:
                front.transport.writelines((b"%x\r\n" % len(piece), piece, b"\r\n"))
            else:
                front.transport.write(piece)
            if front.flow.write_paused:
                front.guard_stall()
            return
        growing.leave(self._on_piece)
        if growing.is_broken:
            front.transport.abort()  # an end in order would look like the whole
            return
        if request.is_chunkable:
            front.transport.write(b"0\r\n\r\n")
        self._finish()

    def _complete(self) -> None:
        front = self._front
        self.response_complete = True
        front.turn = None
        if not self.keep_alive:
            front.finish()
        front.on_response_complete()


def _reply_of(error: BaseException) -> Reply:
    if isinstance(error, WeirError):
        more = b"retry-after: 1\r\n" if error.retry else b""
        return text(error.status, str(error), more)
    log.error("media.failed", exc_info=error)
    return text(500, "Weir failed; the log has the reason.")
