"""The parent's side of a sandboxed process: starts it with limits, gives it bytes, bounds both."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from libs.ending import end
from services.transcoder.confinement import Limits, confine, environment
from services.transcoder.logbook import read_lines
from services.transcoder.untrusted import wire
from services.transcoder.untrusted.boxes import Read
from services.transcoder.untrusted.errors import MediaBroken, MediaExcessive
from services.transcoder.untrusted.sniffing import Container

MAPPED_BYTES = 1 << 30
"""Of its address space a process maps about so much before it uses any."""
MEMORY_BYTES = 512 << 20
LIMITS = Limits(
    address_space_bytes=MAPPED_BYTES + MEMORY_BYTES, file_bytes=0, cpu_s=20, open_files=64,
    niceness=10,
)  # fmt: skip
WALL_S = 120.0
"""On a busy machine it waits more than it works."""
MAX_READS = 5000
MAX_BYTES = 256 << 20
"""Of a file, to find out what it is: its index, and some of its pictures."""
MODULE = "services.transcoder.untrusted.reader"
TICK_S = 1.0

Take = Callable[[bytes], Awaitable[None]]
"""Who is given what the process makes, piece by piece."""


class ReaderKilled(Exception):
    """From outside: it says nothing of the file."""


class Allowed(NamedTuple):
    """What a process may."""

    limits: Limits
    wall_s: float
    """Pauses do not count."""
    read_bytes: int
    """Of the file; what is read twice counts twice."""
    reads: int | None = None
    made_bytes: int = 0


class Sandbox:
    """One process; `folder` is empty, and stays so."""

    def __init__(
        self,
        module: str,
        allowed: Allowed,
        *,
        folder: Path,
        add_line: Callable[[str], None],
        take: Take | None = None,
    ) -> None:
        self._module = module
        self._allowed = allowed
        self._folder = folder
        self._add_line = add_line
        self._take = take
        self._process: asyncio.subprocess.Process | None = None
        self._is_paused = False

    def pause(self) -> None:
        self._is_paused = True
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._is_paused = False
        self._signal(signal.SIGCONT)

    async def run(
        self, read: Read, size_bytes: int, container: Container, order: object = None
    ) -> dict[str, Any]:
        """What the process says came of it.

        Raises `MediaBroken`, `MediaExcessive`, `ReaderKilled`, `OSError`, and what `read` and the
        taker of its pieces do.
        """
        ours, theirs = socket.socketpair()
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, str(theirs.fileno()), container,
                str(self._folder), str(size_bytes),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                preexec_fn=confine(self._allowed.limits),
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        assert process.stderr is not None
        listening = asyncio.create_task(read_lines(process.stderr, self._add_line), name="log")
        try:
            if self._is_paused:
                self.pause()
            found = await self._serve(ours, read, json.dumps(order).encode())
            if found is None:
                raise _ended(await process.wait())
            return found
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await asyncio.gather(listening, return_exceptions=True)

    async def _serve(self, ours: socket.socket, read: Read, order: bytes) -> dict[str, Any] | None:
        """Raises `MediaExcessive` if it takes too long."""
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(wire.SIZE.pack(len(order)) + order)
        serving = asyncio.create_task(self._answer(reader, writer, read), name="sandbox")
        timing = asyncio.create_task(self._time(), name="sandbox-time")
        try:
            await asyncio.wait({serving, timing}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                timing.result()
            return await serving
        finally:
            await end(serving, timing)
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, read: Read
    ) -> dict[str, Any] | None:
        """Give it what it asks for until it says what came of it; None: it ended without."""
        allowed = self._allowed
        given, made, reads = 0, 0, 0
        try:
            while True:
                offset, size = wire.ASK.unpack(await reader.readexactly(wire.ASK.size))
                if offset == wire.DONE:
                    return await _result(reader, size)
                if offset == wire.MADE and self._take is not None:
                    made += size
                    if size > wire.MAX_PIECE_BYTES or made > allowed.made_bytes:
                        raise MediaExcessive("What is made of it is larger than it should be.")
                    await self._take(await reader.readexactly(size))
                    continue
                given, reads = given + size, reads + 1
                is_often = allowed.reads is not None and reads > allowed.reads
                if size > wire.MAX_READ_BYTES or given > allowed.read_bytes or is_often:
                    break
                data = await read(offset, size)
                writer.write(wire.SIZE.pack(len(data)) + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        raise MediaExcessive("To find out what it is, too much of it would have to be read.")

    async def _time(self) -> None:
        """Raises `MediaExcessive`."""
        left_s, last_s = self._allowed.wall_s, time.monotonic()
        while left_s > 0:
            await asyncio.sleep(min(TICK_S, left_s))
            now_s = time.monotonic()
            # What took much longer than asked for was no running: we were stopped ourselves.
            left_s -= 0 if self._is_paused else min(now_s - last_s, 2 * TICK_S)
            last_s = now_s
        raise MediaExcessive(f"Reading it took more than {self._allowed.wall_s:.0f} s.")

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


async def read_media(
    read: Read,
    size_bytes: int,
    container: Container,
    *,
    folder: Path,
    add_line: Callable[[str], None],
) -> dict[str, Any]:
    """What the reader found: see `Sandbox.run`."""
    allowed = Allowed(LIMITS, WALL_S, read_bytes=MAX_BYTES, reads=MAX_READS)
    sandbox = Sandbox(MODULE, allowed, folder=folder, add_line=add_line)
    return await sandbox.run(read, size_bytes, container)


async def _result(reader: asyncio.StreamReader, size: int) -> dict[str, Any] | None:
    """A process that was taken over may say anything: it is judged like the file itself."""
    if size > wire.MAX_RESULT_BYTES:
        raise MediaExcessive("It has more in it than is taken.")
    try:
        found = json.loads(await reader.readexactly(size))
    except ValueError:
        raise MediaBroken("It cannot be read.") from None
    return found if isinstance(found, dict) else None


def _ended(code: int) -> Exception:
    match -code:
        case signal.SIGKILL:
            return ReaderKilled("The reader was killed from outside.")
        case signal.SIGXCPU:
            return MediaExcessive("Reading it takes more CPU time than is allowed.")
    return MediaBroken(f"It makes its reader crash (code {code}).")
