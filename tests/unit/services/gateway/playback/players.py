"""A player at one end of a real socket, and the viewer at the other."""

import asyncio
import socket
from collections.abc import Callable

from libs.media.flv import FLVReader, Tag
from services.gateway.playback.poller import Poller
from services.gateway.playback.viewer import Framing, Viewer, unframed

READ_BYTES = 1 << 20
SEND_BUFFER_BYTES = 16 * 1024


class FLVPlayer:
    """Reads only when it is asked what it has got, so that it is as slow as the test wants."""

    def __init__(
        self,
        poller: Poller,
        *,
        on_leave: Callable[[], None] = lambda: None,
        framing: Framing = unframed,
        head: bytes = b"",
        make: Callable[..., Viewer] = Viewer,
    ) -> None:
        ours, self._socket = socket.socketpair()
        for end in (ours, self._socket):
            end.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._on_leave = on_leave
        self._data = b""
        self.is_ended = False
        """Its connection was closed by the viewer's side."""
        self.has_left = asyncio.Event()
        more = {} if framing is unframed else {"framing": framing}
        self.viewer = make(ours, head, poller=poller, on_leave=self._left, **more)

    def __del__(self) -> None:
        self._socket.close()

    def _left(self, _: Viewer) -> None:
        self.has_left.set()
        self._on_leave()

    def read(self, size: int = READ_BYTES) -> int:
        """Take what has come, at most `size`; how much it was."""
        try:
            data = self._socket.recv(size)
        except BlockingIOError:
            return 0
        self.is_ended = self.is_ended or not data
        self._data += data
        return len(data)

    @property
    def data(self) -> bytes:
        """All that has come."""
        while self.read():
            pass
        return self._data

    async def until(self, is_true: Callable[["FLVPlayer"], bool]) -> None:
        """Read on until it has what it should."""
        async with asyncio.timeout(10):
            while not is_true(self):
                await asyncio.sleep(0.002)

    def say(self, data: bytes) -> None:
        self._socket.send(data)

    def hang_up(self) -> None:
        self._socket.close()

    # --- as FLV -----------------------------------------------------------------------

    def tags(self) -> list[Tag]:
        return FLVReader().feed(self.data)

    def times(self) -> list[int]:
        return [tag.dts_ms for tag in self.tags()]

    @property
    def flags(self) -> int:
        return self.data[4]
