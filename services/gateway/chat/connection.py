"""A participant's WebSocket: frames in, frames out, in bounded memory.

Nothing is queued here: a frame goes to the socket, and what the kernel does not take waits in the
transport. Once that is more than a little, the peer is too slow for the chat: it is told so, and
comes back for what it missed.
"""

import asyncio
import os
import socket
from collections.abc import Callable

from services.gateway import metrics
from services.gateway.chat.pace import Pace
from services.gateway.playback.websocket import (
    ClientFrames,
    CloseCode,
    FrameInvalid,
    Heard,
    Opcode,
    close_frame,
    control_frame,
)

QUEUE_BYTES = 64 * 1024
"""That may wait in the transport: some hundred messages."""
KERNEL_BYTES = 32 * 1024
"""That may wait in the kernel; without a bound it holds 4 MB, many minutes of talk."""
CLOSE_S = 5.0
"""A peer has so long to take the last of what it is sent."""
SILENT_S = 15.0
"""Who is silent for so long is asked whether it is there, before a proxy takes it for dead."""
GONE_S = 60.0
BURST, EVERY_S = 20, 0.2
"""Frames of any kind, before it is called a flood."""


class Connection(asyncio.Protocol):
    """`on_text` is called with each message, `on_lost` once, at the end."""

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        on_text: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._on_text = on_text
        self._on_lost = on_lost
        self._frames = ClientFrames()
        self._pace = Pace(burst=BURST, every_s=EVERY_S, clock=self._loop.time)
        self._heard_at = self._loop.time()
        self._is_asked = False
        self._timer: asyncio.TimerHandle | None = None
        self.is_closing = False
        transport.set_write_buffer_limits(high=QUEUE_BYTES)
        _bound_kernel(transport)

    # --- out ----------------------------------------------------------------------------

    def send(self, frames: bytes) -> None:
        if not self.is_closing:
            self._transport.write(frames)

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Say why, behind what is on its way."""
        if self.is_closing:
            return
        self.is_closing = True
        self._transport.write(close_frame(code, reason))
        self._transport.close()
        self._timer = self._loop.call_later(CLOSE_S, self._transport.abort)

    def look(self) -> None:
        """Called now and then: ask who is silent, and give up who is gone."""
        silent_s = self._loop.time() - self._heard_at
        if silent_s > GONE_S:
            metrics.CHAT_DROPS.labels("gone").inc()
            self._transport.abort()
        elif silent_s > SILENT_S and not self._is_asked:
            self._is_asked = True
            self.send(control_frame(Opcode.PING))

    # --- asyncio's protocol ---------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.is_closing:
            return
        self._heard_at, self._is_asked = self._loop.time(), False
        try:
            for heard in self._frames.feed(data):
                self._on_frame(heard)
                if self.is_closing:
                    return
        except FrameInvalid as invalid:
            self.close(invalid.close_code)

    def pause_writing(self) -> None:
        """More waits than a peer that keeps up would leave."""
        metrics.CHAT_DROPS.labels("slow").inc()
        self.close(CloseCode.TRY_AGAIN, "too slow")

    def resume_writing(self) -> None:
        """It is closing, and takes the rest."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        self._on_lost()

    # --- within ---------------------------------------------------------------------------

    def _on_frame(self, heard: Heard) -> None:
        self._pace.note("")
        if self._pace.wait_s(""):
            metrics.CHAT_DROPS.labels("flood").inc()
            self.close(CloseCode.POLICY, "too fast")
        elif heard.opcode is Opcode.TEXT:
            self._read(heard.payload)
        elif heard.opcode is Opcode.PING:
            self.send(control_frame(Opcode.PONG, heard.payload))
        elif heard.opcode is Opcode.CLOSE:
            self._answer_close(heard.payload)
        elif heard.opcode is Opcode.BINARY:
            self.close(CloseCode.UNSUPPORTED)

    def _read(self, payload: bytes) -> None:
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            self.close(CloseCode.INVALID_TEXT)
            return
        self._on_text(text)

    def _answer_close(self, payload: bytes) -> None:
        """RFC 6455 section 5.5.1: the answer repeats the code; without one it is empty."""
        self.is_closing = True
        self._transport.write(control_frame(Opcode.CLOSE, payload[:2] if len(payload) > 1 else b""))
        self._transport.close()
        self._timer = self._loop.call_later(CLOSE_S, self._transport.abort)


def _bound_kernel(transport: asyncio.Transport) -> None:
    held = transport.get_extra_info("socket")
    if held is None:
        return
    with socket.socket(fileno=os.dup(held.fileno())) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
