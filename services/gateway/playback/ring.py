"""The FLV ring of a stream: the last seconds as frozen chunks that all viewers share.

Tags are frozen into one bytes object a tick. A keyframe always starts a chunk (a *join*), so
that a viewer can start, or start again, at the front of a chunk. Nothing is copied per viewer.
"""

from collections import deque
from typing import NamedTuple

from libs.media.flv import Tag, write_tag

MAX_RING_BYTES = 32 * 1024 * 1024
"""Bound of a stream's ring. A longer GOP has no join left in it; viewers wait for the next one."""
KEEP_MS = 5000
"""What is older is dropped up to the newest join: a viewer that lags so far skips in any case."""


class Config(NamedTuple):
    """What a player must know before the first frame: the sequence headers in force."""

    video: Tag | None = None
    audio: Tag | None = None
    metadata: Tag | None = None
    has_video: bool = False
    has_audio: bool = False

    def tags(self, dts_ms: int) -> bytes:
        """The configuration as tags that stand just before `dts_ms`."""
        known = (self.metadata, self.video, self.audio)
        return b"".join(write_tag(tag._replace(dts_ms=dts_ms)) for tag in known if tag is not None)

    def file_header(self) -> bytes:
        """FLV header and first PreviousTagSize (annex E.2); its flags name the tracks there are.

        A player that is promised an audio track waits for it, so they come from data, never from
        the publisher's metadata.
        """
        flags = self.has_audio << 2 | self.has_video
        return b"FLV\x01" + bytes((flags,)) + b"\x00\x00\x00\x09\x00\x00\x00\x00"


class Chunk(NamedTuple):
    """The tags of one tick."""

    number: int
    data: bytes
    dts_ms: int
    """Time of its first tag."""
    is_join: bool
    """Starts with a keyframe (audio-only: with any frame)."""
    before: Config
    """In force at its start."""
    after: Config
    """In force at its end; the same object as `before` unless it holds a change."""


class Ring:
    """Bounded by time and bytes; chunks are numbered without holes."""

    def __init__(self, max_bytes: int = MAX_RING_BYTES) -> None:
        self._chunks: deque[Chunk] = deque()
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self.newest_join: Chunk | None = None
        """The last chunk at which a viewer can start, if it is still in the ring."""
        self.next_number = 0

    def append(self, chunk: Chunk) -> None:
        self._chunks.append(chunk)
        self._size_bytes += len(chunk.data)
        self.next_number = chunk.number + 1
        if chunk.is_join:
            self.newest_join = chunk
        while len(self._chunks) > 1 and self._is_spare(self._chunks[0], chunk.dts_ms):
            gone = self._chunks.popleft()
            self._size_bytes -= len(gone.data)
            if gone is self.newest_join:
                self.newest_join = None

    def _is_spare(self, oldest: Chunk, now_ms: int) -> bool:
        if self._size_bytes > self._max_bytes:
            return True
        is_joined_later = self.newest_join is None or oldest.number < self.newest_join.number
        return is_joined_later and oldest.dts_ms < now_ms - KEEP_MS

    def at(self, number: int) -> Chunk | None:
        """The chunk of this number; None if it is not made yet or no longer kept."""
        if not self._chunks:
            return None
        index = number - self._chunks[0].number
        return self._chunks[index] if 0 <= index < len(self._chunks) else None

    @property
    def size_bytes(self) -> int:
        return self._size_bytes


class Freezer:
    """Turns tags into chunks of a ring."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._pending: list[bytes] = []
        self._first_dts_ms = 0
        self._is_join = False
        self._before = Config()
        self._config = Config()

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    def configure(self, config: Config) -> None:
        """From the next chunk on, this configuration is in force; it is not sent."""
        self._config = config

    @property
    def config(self) -> Config:
        return self._config

    def take(self, tag: Tag, *, is_keyframe: bool = False, is_join: bool = False) -> list[Chunk]:
        """Add a tag; returns the chunk that had to be closed first, if any.

        A keyframe closes the chunk before it; where else a viewer may start (`is_join`), as at
        any frame of an audio-only stream, the chunks stay as long as the tick.
        """
        closed = self.freeze() if is_keyframe else []
        if not self._pending:
            self._first_dts_ms, self._before = tag.dts_ms, self._config
            self._is_join = is_keyframe or is_join
        self._pending.append(write_tag(tag))
        return closed

    def take_run(self, wire: bytes, first_dts_ms: int) -> None:
        """Tags in a row that a viewer cannot start at, as they came."""
        if not self._pending:
            self._first_dts_ms, self._before = first_dts_ms, self._config
            self._is_join = False
        self._pending.append(wire)

    def freeze(self) -> list[Chunk]:
        """Close the chunk that is being filled, put it into the ring and return it."""
        if not self._pending:
            return []
        chunk = Chunk(
            number=self._ring.next_number,
            data=b"".join(self._pending),
            dts_ms=self._first_dts_ms,
            is_join=self._is_join,
            before=self._before,
            after=self._config,
        )
        self._pending.clear()
        self._ring.append(chunk)
        return [chunk]
