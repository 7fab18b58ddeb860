"""Pictures of segments' first keyframes: one frame decoded, in a process of its own.

A publisher's bytes may crash a decoder; then that process ends, and the order is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import structlog

from libs.errors import Unavailable
from libs.events import Message, StillRequested, StillStored
from libs.storage import ObjectMissing, ObjectStore
from services.transcoder.first_picture import NoPicture, first_picture

log = structlog.get_logger()

DECODE_S = 10.0
CONTENT_TYPE = "image/jpeg"


class StillUnmade(Unavailable):
    code = "still_unmade"


class Stills:
    """`say` tells what is stored."""

    def __init__(self, store: ObjectStore, say: Callable[[Message], Awaitable[None]]) -> None:
        self._store = store
        self._say = say
        self._pool: ProcessPoolExecutor | None = None

    async def make(self, order: StillRequested) -> None:
        """Raises `StillUnmade` and `StoreUnavailable`, which are worth another try."""
        try:
            init = await self._store.get(order.init_key)
            data = await self._store.get(
                order.object_key, offset=order.offset, size=order.size_bytes
            )
        except ObjectMissing:
            log.info("still.let_go", key=order.key)  # retention was faster
            return
        try:
            picture = await self._decode(init + data)
        except NoPicture as error:
            log.warning("still.undecodable", key=order.key, reason=str(error))
            return
        await self._store.put(order.key, picture, content_type=CONTENT_TYPE)
        await self._say(
            StillStored(
                tenant=order.tenant, stream=order.stream, key=order.key, size_bytes=len(picture)
            )
        )

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def _decode(self, data: bytes) -> bytes:
        pool = self._pool
        if pool is None:
            # Spawned: a fork would take this process's threads and sockets along half alive.
            pool = self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            async with asyncio.timeout(DECODE_S):
                return await asyncio.get_running_loop().run_in_executor(pool, first_picture, data)
        except (BrokenProcessPool, TimeoutError) as error:
            self._pool = None
            for process in (pool._processes or {}).values():
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
            raise StillUnmade(f"The decoder ended: {type(error).__name__}.") from error
