"""The storehouse: memory first, then the spill file, for the replay windows of all sessions."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from services.ingest.block import Block
from services.ingest.spill import SpillFile

log = structlog.get_logger()


class Storehouse:
    """Keeps frozen blocks. Past `max_memory_bytes` the oldest are written to the spill file.

    Disk is only touched by one thread of its own: a slow disk delays no publisher. When the disk
    is full or fails, blocks stay in memory; each window's own bound still holds.
    """

    def __init__(self, spill: SpillFile, *, max_memory_bytes: int) -> None:
        self.memory_bytes = 0
        self._spill = spill
        self._max_memory_bytes = max_memory_bytes
        self._in_memory: dict[Block, None] = {}
        """Oldest first."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spill")
        self._is_failing = False

    @property
    def is_full(self) -> bool:
        return self.memory_bytes > 2 * self._max_memory_bytes

    @property
    def disk_bytes(self) -> int:
        return self._spill.used_bytes

    def keep(self, block: Block) -> None:
        self.memory_bytes += block.size_bytes
        self._in_memory[block] = None
        excess = self.memory_bytes - self._max_memory_bytes
        for oldest in self._oldest(excess) if excess > 0 else ():
            self._move(oldest)

    def drop(self, block: Block) -> None:
        block.is_dropped = True
        if block in self._in_memory:
            del self._in_memory[block]
            self.memory_bytes -= block.size_bytes
        # While it is being written its slots are not free yet; `_moved` sees to them.
        if block.slots is not None and not block.is_spilling:
            self._spill.release(block.slots)
            block.slots = None

    async def load(self, block: Block) -> bytes | None:
        if block.data is not None:
            return block.data
        slots = block.slots
        if slots is None:
            return None
        data = await self._run(lambda: self._spill.read(slots, block.size_bytes))
        # Dropped meanwhile, its slots may have been written anew.
        return None if block.is_dropped else data

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._spill.close()

    # --- within -----------------------------------------------------------------------------

    def _oldest(self, excess: int) -> list[Block]:
        """Blocks to move so that `excess` bytes of memory come free, less those on their way."""
        found: list[Block] = []
        for block in self._in_memory:
            if excess <= 0:
                break
            excess -= block.size_bytes
            if not block.is_spilling:
                found.append(block)
        return found

    def _move(self, block: Block) -> None:
        data = block.data
        slots = self._spill.reserve(block.size_bytes)
        if slots is None or data is None:
            self._fail("the spill file is full")
            return
        block.slots, block.is_spilling = slots, True
        writing = asyncio.get_running_loop().run_in_executor(
            self._thread, self._spill.write, slots, data
        )
        writing.add_done_callback(lambda done: self._moved(block, slots, done))

    def _moved(self, block: Block, slots: list[int], done: "asyncio.Future[None]") -> None:
        block.is_spilling = False
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None or block.is_dropped:
            self._spill.release(slots)
            block.slots = None
            if error is not None:
                self._fail(str(error))
            return
        self._is_failing = False
        block.data = None
        del self._in_memory[block]
        self.memory_bytes -= block.size_bytes

    def _fail(self, reason: str) -> None:
        """Say it once until it works again."""
        if not self._is_failing:
            self._is_failing = True
            log.error("replay.spill_failed", reason=reason, memory_bytes=self.memory_bytes)

    async def _run(self, work: Callable[[], bytes]) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
