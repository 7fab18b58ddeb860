"""The replay window: a session's recent tags by number, for every reader and every takeover.

It keeps what is not acknowledged, the last GOP, and `keep_ms` of media in any case, but never more
than `max_bytes`: past that bound the oldest tags are lost, and the loss is recorded.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from libs.events import Checkpoint
from libs.media.flv import first_time
from services.ingest.block import Block

MAX_CHECKPOINTS = 1024

LOST_BOUND = "replay_window_full"
"""The cause of a loss: tags were not acknowledged before the window was full."""


class Shelf(Protocol):
    """Where blocks that are full are kept; `Storehouse` is the real one."""

    @property
    def is_full(self) -> bool:
        """Whether neither memory nor disk has room: each window must then give as it takes."""

    def keep(self, block: Block) -> None:
        """A block was frozen: account for it, and move it to disk when memory is short."""

    def drop(self, block: Block) -> None:
        """Nobody needs the block any more."""

    async def load(self, block: Block) -> bytes | None:
        """All of the block; None if it was dropped or cannot be read."""


class Batch(NamedTuple):
    """A run of tags on their way to a reader."""

    next_tag: int
    wire: bytes


class ReplayWindow:
    """Tags go in by `append`, are found by number, and leave once nobody needs them.

    `on_lost` hears how many tags fell to the bound, a block at a time.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        keep_ms: int,
        max_bytes: int,
        on_lost: Callable[[int], None] = lambda _: None,
        first_tag: int = 0,
    ) -> None:
        self.gop_start = first_tag
        """Where a live join begins: the cues before the last keyframe."""
        self.checkpoints: deque[Checkpoint] = deque(maxlen=MAX_CHECKPOINTS)
        """Where the cutting may be taken up, oldest first."""
        self.lost_tags = 0
        """Tags that fell to the bound before they were acknowledged."""
        self._shelf = shelf
        self._on_lost = on_lost
        self._keep_ms = keep_ms
        self._max_bytes = max_bytes
        self._open = Block(first_tag)
        self._blocks: list[Block] = [self._open]
        self._bytes = 0
        self._latest_ms = 0
        self._safe_ms = 0
        """Tags before this session time are safe elsewhere."""

    def another(self, *, keep_longer_ms: int = 0, first_tag: int = 0) -> "ReplayWindow":
        """An empty window on the same shelf, with the same bounds."""
        return ReplayWindow(
            self._shelf,
            keep_ms=self._keep_ms + keep_longer_ms,
            max_bytes=self._max_bytes,
            on_lost=self._on_lost,
            first_tag=first_tag,
        )

    @property
    def next_tag(self) -> int:
        return self._open.next_tag

    @property
    def oldest_tag(self) -> int:
        return self._blocks[0].first_tag

    @property
    def size_bytes(self) -> int:
        """In memory and on disk."""
        return self._bytes

    @property
    def acknowledged(self) -> int:
        """Every tag below this number is safe elsewhere."""
        safe = self.checkpoints[-1].next_tag if self.checkpoints else 0
        for block in self._blocks:
            if block.last_ms >= self._safe_ms:
                break
            safe = max(safe, block.next_tag)
        return safe

    @property
    def join_tag(self) -> int:
        return max(self.gop_start, self.oldest_tag)

    def divide(self) -> None:
        """No batch reaches over the tag that comes next."""
        if self._open.next_tag > self._open.first_tag:
            self._close_block()

    def append(self, wire: bytes, session_ms: int) -> None:
        """Number a tag."""
        if not self._open.append(wire, session_ms):
            self._close_block()
            self._open.append(wire, session_ms)
        self._bytes += len(wire)
        self._latest_ms = session_ms

    def acknowledge(self, checkpoint: Checkpoint) -> None:
        """Everything below `checkpoint.next_tag` is safe; remember where to take up from.

        A packager that took over re-cuts what is known already: those checkpoints change nothing.
        """
        if not self.checkpoints or checkpoint.msn > self.checkpoints[-1].msn:
            self.checkpoints.append(checkpoint)
            self._trim()

    def acknowledge_until(self, session_ms: int) -> None:
        """Everything before `session_ms` is safe: for a log that has no checkpoints of its own."""
        self._safe_ms = max(self._safe_ms, session_ms)
        self._trim()

    async def time_of(self, tag: int) -> int | None:
        """Session time of a tag; None if it is gone or not there yet."""
        if not self.oldest_tag <= tag < self.next_tag:
            return None
        near_ms = self._block_of(tag).last_ms
        found = self.batch(tag)
        batch = found if isinstance(found, Batch) else await self.load(found, tag)
        return None if batch is None else first_time(batch.wire, near_ms=near_ms)

    def batch(self, tag: int) -> Batch | Block:
        """The tags from `tag` on, up to the end of their block; the block if it is on disk."""
        block = self._block_of(tag)
        if block is not self._open and block.data is None:
            return block
        return Batch(block.next_tag, block.tail(tag))

    async def load(self, block: Block, tag: int) -> Batch | None:
        """The tags of a block on disk; None if they are gone."""
        data = await self._shelf.load(block)
        return None if data is None else Batch(block.next_tag, block.cut(data, tag))

    def clear(self) -> None:
        """Forget everything; the session is over for all its readers."""
        for block in self._blocks[:-1]:
            self._shelf.drop(block)
        self._open = Block(self.next_tag)
        self._blocks = [self._open]
        self._bytes = 0

    # --- within -----------------------------------------------------------------------------

    def _block_of(self, tag: int) -> Block:
        if tag >= self._open.first_tag:
            return self._open
        return self._blocks[bisect_right(self._blocks, tag, key=_first_tag) - 1]

    def _close_block(self) -> None:
        closed = self._open
        closed.freeze()
        self._open = Block(closed.next_tag)
        self._blocks.append(self._open)
        self._shelf.keep(closed)
        self._trim()

    def _trim(self) -> None:
        # A tag is needed until it is acknowledged, below every join, and old.
        free = min(self.acknowledged, self.gop_start)
        horizon_ms = self._latest_ms - self._keep_ms
        may_relieve = self._shelf.is_full
        dropped = 0
        for block in self._blocks[:-1]:
            is_needed = block.next_tag > free or block.last_ms >= horizon_ms
            if is_needed and self._bytes <= self._max_bytes and not may_relieve:
                break
            if is_needed and self._bytes <= self._max_bytes:
                may_relieve = False  # one block out for the one that came in
            self._drop(block)
            dropped += 1
        if dropped:
            del self._blocks[:dropped]
            self._forget_checkpoints()

    def _drop(self, block: Block) -> None:
        self._bytes -= block.size_bytes
        self._shelf.drop(block)
        lost = block.next_tag - max(block.first_tag, self.acknowledged)
        if lost > 0:
            self.lost_tags += lost
            self._on_lost(lost)

    def _forget_checkpoints(self) -> None:
        """Keep those whose tags are all here, and the last in any case: it tells what is safe."""
        oldest = self.oldest_tag
        while len(self.checkpoints) > 1 and self.checkpoints[0].next_tag < oldest:
            self.checkpoints.popleft()


def _first_tag(block: Block) -> int:
    return block.first_tag
