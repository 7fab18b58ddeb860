"""An FLV viewer on a WebSocket: the same chunks, each one a binary frame."""

import socket
from collections.abc import Callable

from services.gateway.playback.poller import Poller
from services.gateway.playback.viewer import Viewer
from services.gateway.playback.websocket import (
    ClientFrames,
    CloseCode,
    FrameInvalid,
    Heard,
    Opcode,
    binary_head,
    close_frame,
    control_frame,
)

_CODE_BYTES = 2
_GOODBYE = close_frame(CloseCode.NORMAL)


class WebSocketViewer(Viewer):
    """Answers pings and closes, and closes on what the protocol forbids."""

    __slots__ = ("_frames",)

    def __init__(
        self,
        connection: socket.socket,
        head: bytes,
        *,
        poller: Poller,
        on_leave: Callable[[Viewer], None],
    ) -> None:
        super().__init__(
            connection,
            head,
            poller=poller,
            on_leave=on_leave,
            framing=binary_head,
            farewell=_GOODBYE,
        )
        self._frames = ClientFrames()

    def _hear(self, data: bytes) -> None:
        try:
            heard = self._frames.feed(data)
        except FrameInvalid as invalid:
            self.close(invalid.close_code)
            return
        for each in heard:  # a viewer has nothing to say to us
            if each.opcode is Opcode.PING:
                self.tell(control_frame(Opcode.PONG, each.payload))
            elif each.opcode is Opcode.CLOSE:
                self._answer_close(each)
            if self.has_left:
                return

    def dismiss(self) -> None:
        self.close(CloseCode.POLICY)

    def close(self, code: CloseCode) -> None:
        """Say why, if there is room for it between two frames, and leave."""
        self.tell(close_frame(code))
        self.leave()

    def _answer_close(self, heard: Heard) -> None:
        """Section 5.5.1: the answer repeats the code; without one it is empty."""
        if len(heard.payload) == _CODE_BYTES - 1:
            self.close(CloseCode.PROTOCOL_ERROR)
            return
        self.tell(control_frame(Opcode.CLOSE, heard.payload[:_CODE_BYTES]))
        self.leave()
