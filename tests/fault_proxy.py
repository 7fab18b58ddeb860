"""A TCP relay before a real server that can be told to misbehave, as networks and stores do.

It runs in a thread of its own, so that a test that waits on something else does not stop it.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import partial
from typing import Any

BLOCK_BYTES = 1 << 16
SLOW_S = 0.7
"""Before each piece of an answer."""
RESET_AFTER_BYTES = 50_000
"""So much of a connection's requests goes through before it is reset: the middle of a put."""
_REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 s: closing sends RST."""


class Fault(StrEnum):
    NONE = "none"
    SLOW = "slow"
    """Answers come late."""
    REFUSED = "refused"
    """Each request is answered 503, and the server never sees it."""
    RESET = "reset"
    """The connection is reset in the middle of a request."""
    SILENT = "silent"
    """A black hole: everything is taken, nothing is answered."""
    ANSWER_LOST = "answer_lost"
    """The server does what is asked, but the connection is reset instead of its answer."""


class FaultProxy:
    """Set `fault` at any time; it holds for all connections from then on."""

    def __init__(self, port: int, server_port: int) -> None:
        self.port = port
        self.fault = Fault.NONE
        self.faults = 0
        """How often a fault was felt."""
        self._server_port = server_port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            _reset(writer)
            return
        directions = (self._ask(reader, upstream[1], writer), self._answer(upstream[0], writer))
        try:
            await _first_of(*directions)
        finally:
            upstream[1].close()
            writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        sent_bytes = 0
        with suppress(ConnectionError):
            while data := await reader.read(BLOCK_BYTES):
                match self.fault:
                    case Fault.SILENT:
                        self.faults += 1
                        continue
                    case Fault.REFUSED:
                        self.faults += 1
                        client.write(_REFUSAL)
                        await client.drain()
                        return
                    case Fault.RESET if sent_bytes + len(data) > RESET_AFTER_BYTES:
                        self.faults += 1
                        server.write(data[: len(data) // 2])
                        await server.drain()
                        _reset(client)
                        return
                sent_bytes += len(data)
                server.write(data)
                await server.drain()

    async def _answer(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await server.read(BLOCK_BYTES):
                match self.fault:
                    case Fault.SILENT:
                        continue
                    case Fault.ANSWER_LOST:
                        self.faults += 1
                        _reset(client)
                        return
                    case Fault.SLOW:
                        self.faults += 1
                        await asyncio.sleep(SLOW_S)
                client.write(data)
                await client.drain()


async def _first_of(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until one has ended, then cancel the others; raises what one raised."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()


@contextmanager
def fault_proxy(server_port: int) -> Iterator[FaultProxy]:
    """A proxy before the server on that port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = FaultProxy(listener.getsockname()[1], server_port)
    stop: Future[Callable[[], object]] = Future()

    async def run() -> None:
        is_over = asyncio.Event()
        stop.set_result(partial(asyncio.get_running_loop().call_soon_threadsafe, is_over.set))
        server = await asyncio.start_server(proxy.serve, sock=listener)
        await is_over.wait()
        server.close()

    # When `run` is over, `asyncio.run` cancels the connections that are still there.
    thread = threading.Thread(target=lambda: asyncio.run(run()), name="fault-proxy")
    thread.start()
    try:
        yield proxy
    finally:
        stop.result()()
        thread.join()
