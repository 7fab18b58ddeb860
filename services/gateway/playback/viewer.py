"""One FLV viewer: a cursor into its stream's ring, and nothing per packet."""

import asyncio
from collections.abc import Callable

from services.gateway import metrics
from services.gateway.playback.ring import Chunk, Config, Ring

HIGH_WATER_BYTES = 512 * 1024
"""A viewer with more than this unsent is slow: it gets nothing until half of it has gone."""
MAX_LAG_MS = 3000
"""A slow viewer that is further behind than this goes on at the newest keyframe."""


class Viewer:
    """Writes a ring's chunks to one transport.

    The transport holds at most `HIGH_WATER_BYTES` and one chunk; what a slow viewer misses is
    skipped up to a keyframe, never queued.
    """

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        head: bytes,
        *,
        close: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._head = head
        self._close = close
        self._cursor: int | None = None
        """Number of the next chunk; None: waits for the next join."""
        self._config: Config | None = None
        """What the player knows; None: it has had no FLV header yet."""
        self._last_dts_ms = 0
        self.is_paused = False
        self.skipped = 0
        """How often it was too slow and went on at a keyframe."""
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES, low=HIGH_WATER_BYTES // 2)

    def begin(self, ring: Ring) -> None:
        """Start at the newest keyframe, or at the first that comes."""
        self._write(self._head)
        if ring.newest_join is not None:
            self._join(ring.newest_join)
            self._catch_up(ring)

    def push(self, chunk: Chunk, ring: Ring) -> None:
        """A new chunk is in the ring."""
        if self.is_paused:
            return
        if self._cursor == chunk.number:
            self._send(chunk)
        elif self._cursor is not None:
            self._catch_up(ring)
        elif chunk.is_join:
            self._join(chunk)
            self._send(chunk)

    def resume(self, ring: Ring) -> None:
        """The transport has room again."""
        self.is_paused = False
        newest = ring.at(ring.next_number - 1)
        if newest is None:
            return
        if newest.dts_ms - self._last_dts_ms > MAX_LAG_MS:
            self._skip(ring)
        self._catch_up(ring)

    def end(self) -> None:
        """Close after what was written has gone."""
        self._close()

    def _skip(self, ring: Ring) -> None:
        join = ring.newest_join
        if join is not None and (self._cursor is None or join.number > self._cursor):
            self.skipped += 1
            self._join(join)
        elif self._cursor is not None and ring.at(self._cursor) is None:
            self.skipped += 1
            self._cursor = None

    def _join(self, chunk: Chunk) -> None:
        if self._config is None:
            self._write(chunk.before.file_header() + chunk.before.tags(chunk.dts_ms))
        elif chunk.before is not self._config:
            self._write(chunk.before.tags(chunk.dts_ms))
        self._config = chunk.before
        self._cursor = chunk.number

    def _catch_up(self, ring: Ring) -> None:
        while not self.is_paused and self._cursor is not None:
            chunk = ring.at(self._cursor)
            if chunk is None:
                # Either up to date, or overtaken by the ring's bound while it was writing.
                if self._cursor < ring.next_number:
                    self._skip(ring)
                    if self._cursor is not None:
                        continue
                return
            self._send(chunk)

    def _send(self, chunk: Chunk) -> None:
        self._write(chunk.data)
        self._config = chunk.after
        self._last_dts_ms = chunk.dts_ms
        self._cursor = chunk.number + 1

    def _write(self, data: bytes) -> None:
        self._transport.write(data)
        metrics.BYTES.counts["flv"] += len(data)
