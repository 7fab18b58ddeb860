"""The front protocol: reads every request's head on the public port and answers media itself.

Media never reaches ASGI; all else goes on to uvicorn's own handling, on the same connection and
in the order of the requests (RFC 9112 section 9.3.2). A media request is a *turn*, which stands
where uvicorn's protocol keeps its request cycle, so that uvicorn's pipeline orders both.
"""

import asyncio
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from services.gateway.again import Again
from services.gateway.cdn.origin_secrets import HEADER
from services.gateway.playback.reply import Asked, Body, CommonLines, websocket_head
from services.gateway.playback.routes import Kind, MediaRoute, match_media
from services.gateway.playback.viewer import unsent
from services.gateway.playback.websocket import Handshake
from services.gateway.turn import Request, Turn
from services.gateway.upgrading import WEBSOCKET, MakeProtocol, Upgrading
from services.gateway.viewers.visit import Visit, raw_target, split_personal

if TYPE_CHECKING:
    from services.gateway.playback.player import Player

MAX_HEAD_BYTES = 32 * 1024
HEAD_TIMEOUT_S = 10.0
"""A request's head must be complete this long after it began, the first after connecting."""
SEND_BUFFER_BYTES = 256 * 1024
"""The kernel's buffer for an FLV viewer: without a bound it holds 4 MB, seconds of old video."""
STALL_S = 30.0
"""A peer that takes no byte for this long while we have some for it is gone."""

_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_ASKED = {
    b"range": "range",
    b"if-none-match": "if_none_match",
    b"if-range": "if_range",
    b"traceparent": "traceparent",
    b"cookie": "cookie",
    b"referer": "referer",
    b"origin": "origin",
    b"user-agent": "user_agent",
    b"x-forwarded-for": "forwarded_for",
    b"x-original-uri": "original_uri",
    HEADER: "cdn_secret",
}
_NOTHING_ASKED = Asked()


class FrontProtocol(HttpToolsProtocol):
    """One connection on the public port. `player` answers media; `for_player` binds it."""

    player: ClassVar["Player"]
    _common: ClassVar[CommonLines] = CommonLines()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turn: Turn | None = None
        """The media request that is being answered."""
        self.url = b""
        self._is_in_head = False
        self._is_refused = False
        self._head_bytes = 0
        self._read_bytes = 0
        """More than the head that is being read can have."""
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._resumes = 0
        self._again: Again | None = None
        self._heads = 0
        """How many heads began in the bytes that are being parsed."""
        self._idle_since = 0.0
        self._fd = -1

    @classmethod
    def for_player(cls, player: "Player") -> type["FrontProtocol"]:
        """The protocol class that uvicorn makes an instance of per connection."""
        return type(cls.__name__, (cls,), {"player": player})

    # --- connection -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._fd = transport.get_extra_info("socket").fileno()
        self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._stall_timer, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._stall_timer = self.timeout_keep_alive_task = None
        turn, self.turn = self.turn, None
        if turn is not None:
            turn.abandon()
        self.pipeline.clear()
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """A peer that has said all it wants to say still gets its answers."""
        cycle = self.cycle
        if self._is_in_head or cycle is None or cycle.response_complete or cycle.more_body:
            return None
        cycle.keep_alive = False
        return True

    # --- bytes in -------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._again is not None and self._take_again(self._again, data):
            return
        if self._is_refused:
            return
        self._again, self._heads = None, int(self._is_in_head)
        if self._is_in_head:
            self._head_bytes += len(data)
        self._read_bytes = self._head_bytes + len(data)
        super().data_received(data)
        if self.transport.is_closing() or self._is_refused:
            return
        if self._is_in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        elif self._is_in_head or self._is_idle_untimed():
            self._time_head()

        elif self._heads == 1 and self.turn is None and isinstance(self.cycle, Turn):
            self._again = self.cycle.again(data, self.headers)

    def _take_again(self, again: Again, data: bytes) -> bool:
        """Whether `data` was one more request like the last, and has its turn."""
        if not self.cycle.response_complete or self.transport.is_closing():
            return False
        target = again.target(data)
        if target is None:
            return False
        path, query = target
        personal, plain = split_personal(path)
        route = match_media(plain)
        if route is None or route.kind is Kind.FLV:
            return False
        _, _, _, peer, address, asked = again.visit
        asked_query = query if route.kind is Kind.PLAYLIST and query else None
        if asked_query != asked.query:
            asked = asked._replace(query=asked_query)
        visit = Visit(path, query, personal, peer, address, asked)
        turn = Turn(self, Request(route, b"GET", visit), keep_alive=True)
        self.cycle = _as_cycle(turn)
        turn.start()
        return True

    def on_message_begin(self) -> None:
        # What the app needs to know is put together only for requests that go there.
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._is_in_head = True
        self._head_bytes = 0
        self._heads += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._unset_keepalive_if_required()
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self._read_bytes > MAX_HEAD_BYTES and not self._is_refused:
            # It may be too large; other requests may have come with it.
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MAX_HEAD_BYTES:
                self._refuse_head()
        if self._is_refused or self.transport.is_closing():
            self.cycle = _as_cycle(Turn(self, None, keep_alive=False))
            return
        path, query = raw_target(self.url)
        personal, plain = split_personal(path)
        route = match_media(plain)
        if route is not None:
            self._begin_turn(route, Visit(path, query, personal))
            return
        self._begin_cycle()
        if self.parser.should_upgrade():
            # Whether it is done or not: what follows on the connection is not HTTP/1.1.
            self.cycle.keep_alive = False
            handshake = Handshake.of(self.headers)
            if handshake is not None:
                hand_over = partial(self._hand_over, self.cycle, handshake)
                upgrading = Upgrading(handshake, hand_over)
                self.scope["extensions"] = {WEBSOCKET: upgrading}  # type: ignore[dict-item]

    def _begin_cycle(self) -> None:
        """Not ours: as uvicorn does it from the beginning."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not isinstance(self.cycle, Turn):
            super().on_body(body)

    def _begin_turn(self, route: MediaRoute, visit: Visit) -> None:
        found = {_ASKED[name]: value for name, value in self.headers if name in _ASKED}
        if route.kind is Kind.PLAYLIST and visit.query:
            found["query"] = visit.query
        is_upgrade = self.parser.should_upgrade()
        is_flv = route.kind is Kind.FLV and self.parser.get_method() == b"GET"
        request = Request(
            route,
            self.parser.get_method(),
            self._visit(visit, Asked(**found) if found else _NOTHING_ASKED),
            Handshake.of(self.headers) if is_upgrade and is_flv else None,
            self.parser.get_http_version() != "1.0",
        )
        keep_alive = (
            self.parser.get_http_version() != "1.0"
            and self.parser.should_keep_alive()
            and not is_upgrade
        )
        turn = Turn(self, request, keep_alive=keep_alive)
        before, self.cycle = self.cycle, _as_cycle(turn)
        if before is None or before.response_complete:
            turn.start()
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _visit(self, visit: Visit, asked: Asked) -> Visit:
        peer = self.client[0] if self.client else ""
        address = self.player.proxies.address_of(peer, asked.forwarded_for)
        return visit._replace(peer=peer, address=address, asked=asked)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if isinstance(cycle, Turn):
            # Not at once: a long pipeline of media would end in deep recursion.
            self.loop.call_soon(cycle.start)
        else:
            super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """Not worth a log line: the request has been answered as plain HTTP."""

    # --- between requests -----------------------------------------------------------
    # uvicorn sets a timer after each answer and cancels it at each request. Here one goes on for as
    # long as the connection does, and looks at the clock.

    def _unset_keepalive_if_required(self) -> None:
        """Nothing: it looks at the clock when it fires."""

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._time_idle(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._is_in_head or not self.cycle.response_complete:
            return  # it is timed again after the answer
        left_s = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._time_idle(left_s)
        else:
            self.transport.close()

    def _time_idle(self, wait_s: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(wait_s, self.timeout_keep_alive_handler)

    # --- bytes out ------------------------------------------------------------------

    @property
    def common_lines(self) -> bytes:
        """The header lines of every answer of this second."""
        return self._common.of(self.server_state.default_headers)

    def send(self, *buffers: Body) -> None:
        """Write at once what the socket takes; only the rest goes by way of the transport.

        Most answers are taken whole, and then one system call is all that they cost.
        """
        if self.transport.get_write_buffer_size():
            self.transport.writelines(buffers)
            return
        try:
            sent = os.writev(self._fd, buffers)
        except OSError:
            sent = 0  # no room; or an end, which the transport will find and tell
        if sent != sum(map(len, buffers)):
            self.transport.writelines(unsent(buffers, sent))

    def pause_writing(self) -> None:
        super().pause_writing()
        self.guard_stall()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._resumes += 1
        if self.turn is not None:
            self.turn.resume()

    def finish(self) -> None:
        """Close when all that was written has gone, or the peer does not take it."""
        self.transport.close()
        self.guard_stall()

    def detach(self) -> socket.socket:
        """Take the connection's socket from the transport, which must have nothing unsent.

        The transport closes its own descriptor of it, so that the connection itself stays open.
        """
        held = self.transport.get_extra_info("socket")
        taken = os.dup(held.fileno())
        connection = socket.socket(held.family, held.type, held.proto, fileno=taken)
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.transport.abort()
        return connection

    def _hand_over(
        self, cycle: RequestResponseCycle, handshake: Handshake, make: MakeProtocol
    ) -> None:
        """Agree to the handshake; from now on the connection is that protocol's."""
        transport = self.transport
        if cycle.disconnected or transport.is_closing():
            return
        # uvicorn asks no more of a request whose client is gone.
        cycle.disconnected = cycle.response_complete = True
        for timer in (self._head_timer, self._stall_timer, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._stall_timer = self.timeout_keep_alive_task = None
        self.connections.discard(self)
        transport.write(websocket_head(handshake.accept, self.common_lines))
        transport.set_protocol(make(transport))
        self.flow.resume_reading()

    def guard_stall(self) -> None:
        """Make sure that a peer which takes nothing more does not stay for ever."""
        size = self.transport.get_write_buffer_size()
        if self._stall_timer is None and size:
            self._stall_timer = self.loop.call_later(
                STALL_S, self._on_stall_check, self._resumes, size
            )

    def _on_stall_check(self, resumes: int, size: int) -> None:
        self._stall_timer = None
        if not self.flow.write_paused and not self.transport.is_closing():
            return
        if resumes == self._resumes and self.transport.get_write_buffer_size() >= size:
            self.transport.abort()
        else:
            self.guard_stall()

    # --- heads ----------------------------------------------------------------------

    def _is_idle_untimed(self) -> bool:
        is_idle = self.cycle is None or self.cycle.response_complete
        return is_idle and self.timeout_keep_alive_task is None

    def _time_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._on_head_timeout)

    def _on_head_timeout(self) -> None:
        self._head_timer = None
        self.finish()

    def _refuse_head(self) -> None:
        """Answer, then read a little more: closing on unread bytes would reset the answer away
        (RFC 9112 section 9.6).
        """
        self._is_refused = True
        self.cycle = _as_cycle(Turn(self, None, keep_alive=False))
        self.transport.write(_HEAD_TOO_LARGE)
        self.transport.write_eof()
        self._time_head()


def _as_cycle(turn: Turn) -> RequestResponseCycle:
    return cast("RequestResponseCycle", turn)
