"""Services started by forking: the launcher's side of the forge."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping
from typing import BinaryIO

from libs.launcher.errors import ForgeGone

ANSWER_BYTES = 256


class Forged:
    """A service that the forge started; of `asyncio.subprocess.Process` what `Child` needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if not self.ended.done():
            os.kill(self.pid, number)


class Forge:
    """One for all services, started with the first. If it ends they do, and it is started anew."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._socket: socket.socket | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._starts: deque[asyncio.Future[Forged]] = deque()
        self._running: dict[int, Forged] = {}

    async def spawn(self, service: str, log: BinaryIO) -> Forged:
        """Start a service that writes what it says to `log`. Raises `ForgeGone`."""
        if self._hearing is None or self._hearing.done():
            self._socket, others = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._socket.setblocking(False)
            self._hearing = asyncio.create_task(self._run(self._socket, others), name="forge")
        assert self._socket is not None
        start: asyncio.Future[Forged] = asyncio.get_running_loop().create_future()
        self._starts.append(start)
        # What is sent before it listens waits for it.
        socket.send_fds(self._socket, [service.encode()], [log.fileno()])
        return await start

    async def stop(self) -> None:
        """Let it go; its services were stopped before."""
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.wait([self._hearing])

    async def _run(self, ours: socket.socket, others: socket.socket) -> None:
        with ours:
            with others:
                argv = [sys.executable, "-m", "libs.launcher.forge", str(others.fileno())]
                process = await asyncio.create_subprocess_exec(
                    *argv,
                    env=self._environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    start_new_session=True,
                    pass_fds=[others.fileno()],
                )
            try:
                await self._hear(ours)
            finally:
                process.kill()
                await process.wait()
                self._forget()

    async def _hear(self, ours: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while packet := await loop.sock_recv(ours, ANSWER_BYTES):
            said = json.loads(packet)
            if "code" in said:
                self._running.pop(said["pid"]).ended.set_result(said["code"])
            else:
                self._running[said["pid"]] = forged = Forged(said["pid"])
                self._starts.popleft().set_result(forged)

    def _forget(self) -> None:
        """It is gone, and tells its services to go."""
        for forged in self._running.values():
            forged.ended.set_result(-signal.SIGTERM)
        self._running.clear()
        while self._starts:
            self._starts.popleft().set_exception(
                ForgeGone("The services could not be started; what is wrong stands above.")
            )
