"""Viewers. Most are idle: their bytes are counted and thrown away in the kernel (`MSG_TRUNC`).

A few are checked: every frame is compared with what was published, and its lag is taken.
"""

import socket
import time
from typing import Protocol

from bench.connection import Address, Connection
from bench.loop import BUFFER, Loop
from bench.publisher import Publisher
from bench.replay import Replay, digest_of
from bench.rtmp import RTMPPeer, ServerRefused
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, is_keyframe, is_sequence_header
from libs.rtmp.chunks import Message
from libs.rtmp.messages import MessageType

_SIZE = len(BUFFER)


class Viewer(Protocol):
    @property
    def received_bytes(self) -> int: ...

    @property
    def ledger(self) -> "Ledger | None": ...

    @property
    def is_started(self) -> bool:
        """Whether the server has begun to answer."""

    def close(self) -> None: ...


class Ledger:
    """What a checked viewer got, held against what was published."""

    def __init__(self, replay: Replay, publisher: Publisher) -> None:
        self.lags_ms: list[float] = []
        self.merges_ms: list[float] = []
        """Of each read, how much media came with it."""
        self.longest_gap_s = 0.0
        """Between two reads."""
        self._read_at: float | None = None
        self.first_keyframe_at: float | None = None
        self.fault = ""
        """The first frame that was lost, altered or out of order; "" if none was."""
        self._replay = replay
        self._publisher = publisher
        self._next: dict[TagType, int] = {}
        """Position of the next expected frame of each track."""

    def begin_window(self) -> None:
        """Forget what was measured; the next read is the first."""
        self.lags_ms.clear()
        self.merges_ms.clear()
        self.longest_gap_s, self._read_at = 0.0, None

    def note_read(self, at: float) -> None:
        if self._read_at is not None:
            self.longest_gap_s = max(self.longest_gap_s, at - self._read_at)
        self._read_at = at

    def take(self, tag: Tag, at: float) -> None:
        if tag.type is TagType.SCRIPT or is_sequence_header(tag) or self.fault:
            return
        digest = digest_of(tag.body)
        if self.first_keyframe_at is None and is_keyframe(tag):
            self.first_keyframe_at = at
        expected = self._next.get(tag.type)
        if expected is None:
            expected = self._find(tag.type, digest)
        if expected is None or self._replay.frames[expected].digest != digest:
            self.fault = f"a {tag.type.name.lower()} frame at {tag.dts_ms} ms that is not the next"
            return
        self.lags_ms.append(1000 * (at - self._publisher.sent_at[expected]))
        self._next[tag.type] = self._after(tag.type, expected)

    def _find(self, kind: TagType, digest: int) -> int | None:
        """Where the viewer's first frame stands: the newest of that digest."""
        is_video = kind is TagType.VIDEO
        for position in range(self._publisher.position - 1, -1, -1):
            frame = self._replay.frames[position]
            if frame.digest == digest and frame.is_video is is_video:
                return position
        return None

    def _after(self, kind: TagType, position: int) -> int:
        frames, is_video = self._replay.frames, kind is TagType.VIDEO
        position += 1
        while position < len(frames) and frames[position].is_video is not is_video:
            position += 1
        return min(position, len(frames) - 1)


class FLVViewer:
    """HTTP-FLV over one connection; without a ledger it is idle after the response's head."""

    def __init__(
        self,
        loop: Loop,
        address: Address,
        path: str,
        *,
        source: str,
        ledger: Ledger | None = None,
        has_header: bool = True,
    ) -> None:
        self.received_bytes = 0
        self.is_started = False
        self.ledger = ledger
        self._connection = Connection(loop, address, on_readable=self._on_head, source=source)
        self._socket = self._connection.socket
        self._head = b""
        self._unchunked: _Unchunked | None = None
        self._flv = FLVReader()
        if not has_header:
            self._flv.feed(FLV_HEADER)
        host, port = address
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: weir-bench\r\n\r\n"
        self._connection.send(request.encode())

    def close(self) -> None:
        self._connection.close()

    def _on_head(self) -> None:
        size = self._socket.recv_into(BUFFER)
        self._head += bytes(BUFFER[:size])
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            if not size:
                raise ServerRefused(f"The server closed before it answered: {self._head!r}")
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise ServerRefused(head.decode("latin-1"))
        self.is_started = True
        if b"transfer-encoding: chunked" in head.lower():
            self._unchunked = _Unchunked()
        self._head = b""
        self._connection.hand_over(self._count if self.ledger is None else self._check)
        self.received_bytes += len(rest)
        if self.ledger is not None and rest:
            self._take(rest)

    def _count(self, _events: int) -> None:
        size = self._socket.recv_into(BUFFER, _SIZE, socket.MSG_TRUNC)
        self.received_bytes += size
        if not size:
            self.close()

    def _check(self, _events: int) -> None:
        size = self._socket.recv_into(BUFFER)
        self.received_bytes += size
        if not size:
            self.close()
        self._take(bytes(BUFFER[:size]))

    def _take(self, data: bytes) -> None:
        at = time.monotonic()
        assert self.ledger is not None
        if self._unchunked is not None:
            data = self._unchunked.feed(data)
        self.ledger.note_read(at)
        tags = self._flv.feed(data)
        for tag in tags:
            self.ledger.take(tag, at)
        if tags:
            self.ledger.merges_ms.append(tags[-1].dts_ms - tags[0].dts_ms)


class RTMPViewer:
    """An RTMP player."""

    def __init__(
        self, loop: Loop, address: Address, name: str, *, source: str, ledger: Ledger | None = None
    ) -> None:
        self.ledger = ledger
        self._counted = 0
        self._peer = RTMPPeer(
            loop,
            address,
            verb="play",
            name=name,
            source=source,
            on_started=self._on_started,
            on_message=self._on_message,
        )

    @property
    def is_started(self) -> bool:
        return self._peer.is_started

    @property
    def received_bytes(self) -> int:
        return self._counted + self._peer.received_bytes

    def close(self) -> None:
        self._peer.connection.close()

    def _on_started(self) -> None:
        if self.ledger is None:
            self._peer.connection.hand_over(self._count)

    def _count(self, _events: int) -> None:
        size = self._peer.connection.socket.recv_into(BUFFER, _SIZE, socket.MSG_TRUNC)
        self._counted += size
        if not size:
            self.close()

    def _on_message(self, message: Message) -> None:
        if self.ledger is not None and message.type in (MessageType.AUDIO, MessageType.VIDEO):
            tag = Tag(TagType(message.type), message.timestamp, message.body)
            at = time.monotonic()
            self.ledger.note_read(at)
            self.ledger.take(tag, at)


class _Unchunked:
    """The body of a chunked response (RFC 9112 section 7.1)."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        buffer = self._buffer + data
        pieces, at = [], 0
        while (line := buffer.find(b"\r\n", at)) >= 0:
            size = int(buffer[at:line], 16)
            if len(buffer) < line + 4 + size:
                break
            pieces.append(buffer[line + 2 : line + 2 + size])
            at = line + 4 + size
        self._buffer = buffer[at:]
        return b"".join(pieces)
