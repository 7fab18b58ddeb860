"""The parent's side of the reader: starts it with limits, gives it bytes, and bounds them."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


class ReaderKilled(Exception):
    """From outside: it says nothing of the file."""


async def read_media(
    read: Read,
    size_bytes: int,
    container: Container,
    *,
    folder: Path,
    add_line: Callable[[str], None],
) -> dict[str, Any]:
    """What the reader found. `folder` is empty, and stays so.

    Raises `MediaBroken`, `MediaExcessive`, `ReaderKilled`, `OSError`, and what `read` does.
    """
    ours, theirs = socket.socketpair()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", MODULE, str(theirs.fileno()), container, str(folder),
            str(size_bytes),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environment(),
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            preexec_fn=confine(LIMITS),
        )  # fmt: skip
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    assert process.stderr is not None
    listening = asyncio.create_task(read_lines(process.stderr, add_line), name="reader-log")
    try:
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            async with asyncio.timeout(WALL_S):
                found = await _serve(reader, writer, read)
        except TimeoutError:
            raise MediaExcessive(f"Reading it took more than {WALL_S:.0f} s.") from None
        finally:
            writer.close()
        if found is None:
            raise _ended(await process.wait())
        return found
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await asyncio.gather(listening, return_exceptions=True)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, read: Read
) -> dict[str, Any] | None:
    """Give it what it asks for until it says what it found; None: it ended without."""
    given = 0
    try:
        for _ in range(MAX_READS):
            offset, size = wire.ASK.unpack(await reader.readexactly(wire.ASK.size))
            if offset == wire.DONE:
                return await _result(reader, size)
            given += size
            if size > wire.MAX_READ_BYTES or given > MAX_BYTES:
                break
            data = await read(offset, size)
            writer.write(wire.SIZE.pack(len(data)) + data)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    raise MediaExcessive("To find out what it is, too much of it would have to be read.")


async def _result(reader: asyncio.StreamReader, size: int) -> dict[str, Any] | None:
    """A reader that was taken over may say anything: it is judged like the file itself."""
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
