"""The viewers of one feed, and the loop that sends chunks to all of them.

This is the hot path: for a viewer that is level it costs one `send` a tick and nothing else.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator

from services.gateway import metrics
from services.gateway.playback.ring import Chunk, Ring
from services.gateway.playback.viewer import Framing, Viewer

SLICE_VIEWERS = 256
"""After so many sends the event loop gets its turn: about two milliseconds."""

_Send = Callable[[bytes], int]
_Member = tuple[Viewer, _Send]


class Audience:
    """Each viewer is level (has had all chunks below `next_number`), waits for the first
    keyframe, or lags and catches up by itself.

    `ring` may be ahead of `next_number` while a chunk is still being sent.
    """

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.viewers: dict[Viewer, None] = {}
        self.next_number = ring.next_number
        """Number of the next chunk that goes to all who are level."""
        self._newest_join: Chunk | None = None
        self._level: dict[Framing, dict[Viewer, _Send]] = {}
        self._waiting: dict[Viewer, None] = {}
        self._chunks: list[Chunk] = []
        """What nobody has been sent yet."""
        self._sending: Iterator[None] | None = None
        self._is_over = False

    @property
    def newest_join(self) -> Chunk | None:
        """The last keyframe below `next_number`, if it is still in the ring."""
        join = self._newest_join
        return join if join is not None and self.ring.at(join.number) is not None else None

    # --- who is here ----------------------------------------------------------------------

    def add(self, viewer: Viewer) -> None:
        self.viewers[viewer] = None
        viewer.begin(self, self.newest_join)

    def remove(self, viewer: Viewer) -> None:
        self.viewers.pop(viewer, None)
        self._waiting.pop(viewer, None)
        self._level.get(viewer.framing, {}).pop(viewer, None)

    def keep_level(self, viewer: Viewer) -> None:
        """It has had everything up to now."""
        self._level.setdefault(viewer.framing, {})[viewer] = viewer.send

    def keep_waiting(self, viewer: Viewer) -> None:
        """It starts at the next keyframe."""
        self._waiting[viewer] = None

    def end(self) -> None:
        """No chunk comes any more: let everybody go after the last byte."""
        self._is_over = True
        if self._sending is None:
            self._dismiss()

    # --- sending --------------------------------------------------------------------------

    @property
    def is_sending(self) -> bool:
        """Whether a chunk has not gone to all of a large audience yet."""
        return self._sending is not None

    def send(self, chunks: Iterable[Chunk]) -> None:
        """Send chunks that are in the ring; of a large audience the rest has them a little later.

        What is given together, or waits together, is one `send` a viewer.
        """
        self._chunks.extend(chunks)
        if self._sending is None and self._chunks:
            self._sending = self._send_all()
            self._go_on()

    def _go_on(self) -> None:
        """One slice."""
        assert self._sending is not None
        for _ in self._sending:
            asyncio.get_running_loop().call_soon(self._go_on)
            return
        self._sending = None
        if self._is_over:
            self._dismiss()

    def _send_all(self) -> Iterator[None]:
        while self._chunks:
            chunks, self._chunks = self._chunks, []
            last = chunks[-1]
            self.next_number = last.number + 1
            groups = [(framing, list(group.items())) for framing, group in self._level.items()]
            joins = [chunk for chunk in chunks if chunk.is_join]
            if joins:
                self._newest_join = joins[-1]
                waiting, self._waiting = self._waiting, {}
                for viewer in waiting:
                    viewer.start_at(joins[0])
            data = b"".join([chunk.data for chunk in chunks])
            for framing, members in groups:
                if members:
                    wire = framing(len(data)) + data
                    for first in range(0, len(members), SLICE_VIEWERS):
                        if first:
                            yield
                        self._send_slice(last, wire, members[first : first + SLICE_VIEWERS])

    def _send_slice(self, last: Chunk, wire: bytes, members: list[_Member]) -> None:
        """Send `wire`, which ends with the chunk `last`."""
        size = len(wire)
        total = size * len(members)
        for viewer, send in members:
            try:
                sent = send(wire)
            except BlockingIOError:
                sent = 0
            except OSError:
                total -= size
                viewer.leave()
                continue
            if sent != size:
                total -= size - sent
                self._level[viewer.framing].pop(viewer, None)
                viewer.fall_behind(last, memoryview(wire)[sent:])
        metrics.BYTES.counts["flv"] += total

    def _dismiss(self) -> None:
        for viewer in list(self.viewers):
            viewer.end()
