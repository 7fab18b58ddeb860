"""One FLV viewer: a raw socket and, while it lags, a cursor into its stream's ring.

A viewer that is level with its audience has no state of its own: each chunk is one `send`, done
by `Audience`. What is here happens when it starts, lags, skips and leaves.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from services.gateway import metrics
from services.gateway.playback.poller import Poller
from services.gateway.playback.ring import Chunk, Config, Ring

MAX_LAG_MS = 3000
"""A slow viewer that is further behind than this goes on at the newest keyframe."""
GATHER_BYTES = 256 * 1024
"""A viewer that catches up is given about so many bytes at once."""
GATHER_CHUNKS = 64
HEARD_BYTES = 16 * 1024
HEARD_S = 10.0
"""A viewer that says more than so many bytes in so many seconds is let go."""
_READ_BYTES = 4096

Framing = Callable[[int], bytes]
"""What stands before so many bytes of FLV on the connection; viewers of one framing share it."""


def unframed(_size: int) -> bytes:
    """Plain HTTP: the response's body is the FLV."""
    return b""


class Company(Protocol):
    """What a viewer needs of the audience that it is in."""

    ring: Ring
    next_number: int
    """Number of the next chunk that goes to all who are level."""

    @property
    def newest_join(self) -> Chunk | None:
        """The last keyframe below `next_number`."""

    def keep_level(self, viewer: "Viewer") -> None: ...
    def keep_waiting(self, viewer: "Viewer") -> None: ...
    def remove(self, viewer: "Viewer") -> None: ...


class Viewer:
    """Owns `connection`, which must not block; `on_leave` is called once when it has closed it.

    `head` goes out first and unframed, `farewell` last when the programme is over.
    """

    __slots__ = (
        "_audience",
        "_config",
        "_connection",
        "_cursor",
        "_farewell",
        "_fd",
        "_heard_bytes",
        "_heard_since",
        "_is_closing",
        "_on_leave",
        "_poller",
        "_rest",
        "_word",
        "framing",
        "moved_at",
        "skipped",
    )

    def __init__(
        self,
        connection: socket.socket,
        head: bytes,
        *,
        poller: Poller,
        on_leave: Callable[["Viewer"], None],
        framing: Framing = unframed,
        farewell: bytes = b"",
    ) -> None:
        self._connection = connection
        self._fd = connection.fileno()
        self._poller = poller
        self._on_leave: Callable[[Viewer], None] | None = on_leave
        self.framing = framing
        self._audience: Company | None = None
        self._rest: list[bytes | memoryview] = [head] if head else []
        """Bytes whose turn has come and for which the socket has had no room; whole frames at its
        end.
        """
        self._word = b""
        """What it is told outside of the FLV, as soon as a frame is complete."""
        self._farewell = farewell
        self._heard_bytes = 0
        self._heard_since = 0.0
        self._cursor: int | None = None
        """Number of the next chunk while it is behind; None: waits for a keyframe."""
        self._config: Config | None = None
        """What the player knows; None: it has had no FLV header yet."""
        self._is_closing = False
        self.skipped = 0
        """How often it was too slow and went on at a keyframe."""
        self.moved_at = 0.0

    def fileno(self) -> int:
        return self._fd

    @property
    def send(self) -> Callable[[bytes], int]:
        """The socket's own `send`: what an audience calls for each chunk."""
        return self._connection.send

    @property
    def has_left(self) -> bool:
        return self._on_leave is None

    # --- its life ---------------------------------------------------------------------

    def begin(self, audience: Company, join: Chunk | None) -> None:
        """Start at `join`, the newest keyframe; None: at the first that comes."""
        self._audience = audience
        self._poller.add(self)
        if join is not None:
            self._join(join)
        self.catch_up()

    def start_at(self, join: Chunk) -> None:
        """The keyframe that it waited for has come."""
        self._join(join)
        self.catch_up()

    def fall_behind(self, last: Chunk, unsent: memoryview) -> None:
        """Its socket took only a part of what all were sent, up to the chunk `last`."""
        self._rest.append(unsent)
        self._config = last.after
        self._cursor = last.number + 1
        self._poller.wait_for_room(self)

    def end(self) -> None:
        """The programme is over: leave when all of it has gone out."""
        self._is_closing = True
        if not self._rest and self._cursor is None:
            self.catch_up()

    def dismiss(self) -> None:
        """It may not watch any more: leave, with a word to players that hear one."""
        self.leave()

    def leave(self) -> None:
        """Close the connection, whatever it still lacks."""
        on_leave, self._on_leave = self._on_leave, None
        if on_leave is None:
            return
        with contextlib.suppress(OSError):
            # Bytes that nobody reads would turn our close into a reset (RFC 9112 section 9.6).
            self._connection.recv(_READ_BYTES)
        self._poller.remove(self)
        self._connection.close()
        self._rest.clear()
        if self._audience is not None:
            self._audience.remove(self)
        on_leave(self)

    # --- what the poller tells ----------------------------------------------------------

    def on_readable(self) -> None:
        """When it hangs up it is gone."""
        try:
            data = self._connection.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data and self._may_say(len(data)):
            self._hear(data)
        else:
            self.leave()

    def on_writable(self) -> None:
        if not self.has_left:
            self.catch_up()

    # --- beside the FLV -----------------------------------------------------------------

    def tell(self, word: bytes) -> None:
        """Send `word` between two frames; of what cannot go out at once only the newest is kept."""
        self._word = word
        if self._rest:
            return
        try:
            sent = self._connection.send(word)
        except BlockingIOError:
            return
        except OSError:
            sent = 0
        self._word = b""
        if sent != len(word):
            self.leave()

    def _hear(self, data: bytes) -> None:
        """What it says: a player has nothing to say over plain HTTP."""

    def _may_say(self, size: int) -> bool:
        now = time.monotonic()
        if now - self._heard_since > HEARD_S:
            self._heard_since, self._heard_bytes = now, 0
        self._heard_bytes += size
        return self._heard_bytes <= HEARD_BYTES

    # --- catching up ----------------------------------------------------------------------

    def catch_up(self) -> None:
        """Send what it lacks until its socket is full or it is level with its audience."""
        audience = self._audience
        assert audience is not None
        while True:
            if self._word:
                self._rest.append(self._word)
                self._word = b""
            if self._rest and not self._send_rest():
                return
            if self._cursor is not None and self._gather(audience, self._cursor):
                continue
            if not self._is_closing or not self._farewell:
                break
            self._word, self._farewell = self._farewell, b""
        if self._is_closing:
            self.leave()
        elif self._cursor is None:
            audience.keep_waiting(self)
        else:
            audience.keep_level(self)
            self._cursor = None

    def _send_rest(self) -> bool:
        """Whether all of it went out."""
        try:
            sent = self._connection.sendmsg(self._rest)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.leave()
            return False
        metrics.BYTES.counts["flv"] += sent
        self._rest = unsent(self._rest, sent)
        if self._rest:
            self._poller.wait_for_room(self)
        return not self._rest

    def _gather(self, audience: Company, cursor: int) -> bool:
        """Put the next chunks, of those that the audience has had, into `_rest`."""
        ring = audience.ring
        newest = ring.at(audience.next_number - 1)
        chunk = ring.at(cursor)
        if cursor >= audience.next_number or newest is None:
            return False
        if chunk is None or newest.dts_ms - chunk.dts_ms > MAX_LAG_MS:
            chunk = self._skip(audience, chunk)
        size = 0
        while chunk is not None and chunk.number < audience.next_number:
            self._put(chunk.data)
            size += len(chunk.data)
            self._config = chunk.after
            self._cursor = chunk.number + 1
            if size >= GATHER_BYTES or len(self._rest) >= GATHER_CHUNKS:
                break
            chunk = ring.at(self._cursor)
        return bool(self._rest)

    def _skip(self, audience: Company, chunk: Chunk | None) -> Chunk | None:
        """Go on at the newest keyframe; without a newer one where it is, or at the next."""
        join = audience.newest_join
        if join is not None and (chunk is None or join.number > chunk.number):
            self.skipped += 1
            self._join(join)
            return join
        if chunk is None:
            self.skipped += 1
            self._cursor = None
        return chunk

    def _join(self, chunk: Chunk) -> None:
        opening = b""
        if self._config is None:
            opening = chunk.before.file_header() + chunk.before.tags(chunk.dts_ms)
        elif chunk.before is not self._config:
            opening = chunk.before.tags(chunk.dts_ms)
        if opening:
            self._put(opening)
        self._config = chunk.before
        self._cursor = chunk.number

    def _put(self, data: bytes) -> None:
        head = self.framing(len(data))
        if head:
            self._rest.append(head)
        self._rest.append(data)


def unsent(buffers: Sequence[bytes | memoryview], sent: int) -> list[bytes | memoryview]:
    """What is left of the buffers when their first `sent` bytes are gone."""
    for at, buffer in enumerate(buffers):
        if sent < len(buffer):
            return [memoryview(buffer)[sent:], *buffers[at + 1 :]]
        sent -= len(buffer)
    return []
