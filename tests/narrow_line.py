"""A TCP line of a limited rate before a real server, as a viewer's network is, or a publisher's.

All connections share it. It runs in a thread of its own, so that a test that waits on something
else does not stop it.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial

BLOCK_BYTES = 4096
QUEUE_BYTES = 32 * 1024
"""What stands in the line of each connection: a network keeps little, or players see late how
narrow it is."""


class NarrowLine:
    """Set `rate_bps` at any time; None: as wide as this machine."""

    def __init__(self, port: int, server_port: int, *, is_uplink: bool) -> None:
        self.port = port
        self._is_uplink = is_uplink
        """Whether it is what goes to the server that is limited."""
        self.rate_bps: int | None = None
        self.sent_bytes = 0
        self._server_port = server_port
        self._free_at = 0.0
        self._open: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = await asyncio.open_connection("127.0.0.1", self._server_port, limit=QUEUE_BYTES)
        wide, narrow = (reader, server[1]), (server[0], writer)
        if self._is_uplink:
            wide, narrow = narrow, wide
        source, sink = narrow
        sink.transport.set_write_buffer_limits(high=QUEUE_BYTES)
        sink.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, QUEUE_BYTES)
        asking = asyncio.create_task(_pass_on(*wide))
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = [writer, server[1]]
        try:
            with suppress(ConnectionError):
                while data := await source.read(BLOCK_BYTES):
                    await self._take_turn(len(data))
                    sink.write(data)
                    await sink.drain()
        finally:
            del self._open[task]
            asking.cancel()
            server[1].close()
            writer.close()

    async def cut(self) -> None:
        """End all connections."""
        self.rate_bps, tasks = None, list(self._open)
        for writers in self._open.values():
            for writer in writers:
                writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks)

    async def _take_turn(self, size_bytes: int) -> None:
        self.sent_bytes += size_bytes
        if self.rate_bps is None:
            return
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + size_bytes * 8 / self.rate_bps
        await asyncio.sleep(self._free_at - now)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(BLOCK_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@contextmanager
def narrow_line(server_port: int, *, is_uplink: bool = False) -> Iterator[NarrowLine]:
    """Before the server on that port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    line = NarrowLine(listener.getsockname()[1], server_port, is_uplink=is_uplink)
    stop: Future[Callable[[], object]] = Future()

    async def run() -> None:
        is_over = asyncio.Event()
        stop.set_result(partial(asyncio.get_running_loop().call_soon_threadsafe, is_over.set))
        server = await asyncio.start_server(line.serve, sock=listener)
        await is_over.wait()
        server.close()
        await line.cut()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="narrow-line")
    thread.start()
    try:
        yield line
    finally:
        stop.result()()
        thread.join()
