"""A publisher: sends a replay in real time, and can pause for the borders of a measured window."""

import time
from collections.abc import Callable

from bench.connection import Address, Connection
from bench.loop import Loop
from bench.replay import Frame, Replay
from bench.rtmp import RTMPPeer


class Publisher:
    """Sends every frame when its time has come, a `send` each, as encoders do.

    `sent_at` holds when each frame went out: position is its number in the replay.
    """

    def __init__(self, loop: Loop, replay: Replay, wire_of: Callable[[Frame], bytes]) -> None:
        self.sent_at: list[float] = []
        self._loop = loop
        self._replay = replay
        self._wire_of = wire_of
        self._send: Callable[[bytes], None] = lambda _: None
        self._began_at = 0.0
        self._paused_at: float | None = None

    def begin(self, opening: bytes, send: Callable[[bytes], None]) -> None:
        """The server takes media now."""
        self._send = send
        send(opening)
        self._began_at = time.monotonic()
        self._go_on()

    @property
    def position(self) -> int:
        """Number of the next frame."""
        return len(self.sent_at)

    @property
    def is_started(self) -> bool:
        return self.position > 0

    def pause(self) -> None:
        """Stop sending, so that everything that was sent can arrive and be counted."""
        self._paused_at = time.monotonic()

    def resume(self) -> None:
        assert self._paused_at is not None
        self._began_at += time.monotonic() - self._paused_at
        self._paused_at = None
        self._go_on()

    def _go_on(self) -> None:
        if self._paused_at is not None:
            return
        frames, sent_at = self._replay.frames, self.sent_at
        now = time.monotonic()
        due = now - self._began_at
        position = len(sent_at)
        while position < len(frames) and frames[position].at_s <= due:
            self._send(self._wire_of(frames[position]))
            sent_at.append(now)
            position += 1
        if position < len(frames):
            self._loop.at(self._began_at + frames[position].at_s, self._go_on)


class RTMPPublisher(Publisher):
    def __init__(
        self,
        loop: Loop,
        address: Address,
        name: str,
        replay: Replay,
        *,
        source: str = "127.0.0.1",
    ) -> None:
        super().__init__(loop, replay, lambda frame: frame.rtmp)
        self.peer = RTMPPeer(
            loop, address, verb="publish", name=name, on_started=self._on_started, source=source
        )

    def _on_started(self) -> None:
        self.begin(self._replay.opening_rtmp, self.peer.connection.send)

    def close(self) -> None:
        self.pause()
        self.peer.connection.close()


class RawPublisher(Publisher):
    """Sends the FLV as it is to the raw sender."""

    def __init__(self, loop: Loop, address: Address, replay: Replay) -> None:
        super().__init__(loop, replay, lambda frame: frame.flv)
        self.connection = Connection(loop, address, on_readable=lambda: None)
        self.begin(replay.opening_flv, self.connection.send)

    def close(self) -> None:
        self.pause()
        self.connection.close()
