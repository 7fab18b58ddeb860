"""A process of its own that decodes single pictures.

A publisher's bytes may crash a decoder; then that process ends, and the order is tried again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar, TypeVarTuple

from libs.errors import Unavailable

DECODE_S = 10.0
Made = TypeVar("Made")
Given = TypeVarTuple("Given")


class DecoderEnded(Unavailable):
    code = "decoder_ended"


class Decoder:
    """The process begins with the first picture."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, make: Callable[[*Given], Made], *given: *Given) -> Made:
        """What `make`, a function of a module, makes there. Raises what it does, `DecoderEnded`."""
        pool = self._pool
        if pool is None:
            # Spawned: a fork would take this process's threads and sockets along half alive.
            pool = self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            async with asyncio.timeout(DECODE_S):
                return await asyncio.get_running_loop().run_in_executor(pool, make, *given)
        except (BrokenProcessPool, TimeoutError) as error:
            if self._pool is pool:
                self._pool = None
            for process in (pool._processes or {}).values():
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
            raise DecoderEnded(f"The decoder ended: {type(error).__name__}.") from error

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
