"""The child process of a finite job: ffmpeg with limits, in an empty folder of its own.

What it reads comes through pipes; how far it is comes out of one. It can be paused for a live
stream that needs the room.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from services.transcoder.confinement import Limits, confine, environment
from services.transcoder.logbook import read_lines

PIPE_BYTES = 1 << 16

BuildArgv = Callable[[Sequence[int], int], Sequence[str]]
"""The command line, given the descriptors of its inputs and of its progress."""


class Child:
    def __init__(
        self,
        process: asyncio.subprocess.Process,
        inputs: list["Inlet"],
        progress: asyncio.StreamReader,
        add_line: Callable[[str], None],
    ) -> None:
        assert process.stderr is not None
        self.inputs = inputs
        self.done_s = 0.0
        """Media time that it has written."""
        self.frames = 0
        """Pictures that it has written."""
        self.is_paused = False
        self._process = process
        self._tasks = [
            asyncio.create_task(read_lines(process.stderr, add_line), name="child-log"),
            asyncio.create_task(self._follow(progress), name="child-progress"),
        ]

    @classmethod
    async def start(
        cls,
        build_argv: BuildArgv,
        *,
        inputs: int,
        folder: Path,
        limits: Limits,
        add_line: Callable[[str], None],
    ) -> "Child":
        """Raises `OSError` if there is no such binary."""
        pipes = [os.pipe() for _ in range(inputs)]
        progress, said = os.pipe()
        reading = [pipe[0] for pipe in pipes]
        try:
            process = await asyncio.create_subprocess_exec(
                *build_argv(reading, said),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                cwd=folder,
                pass_fds=[*reading, said],
                start_new_session=True,
                preexec_fn=confine(limits),
            )
        except BaseException:
            for descriptor in (progress, *(pipe[1] for pipe in pipes)):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (*reading, said):
                os.close(descriptor)
        inlets = [await Inlet.open(pipe[1]) for pipe in pipes]
        return cls(process, inlets, await _open_reader(progress), add_line)

    @property
    def pid(self) -> int:
        return self._process.pid

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)
        self.is_paused = True

    def resume(self) -> None:
        self._signal(signal.SIGCONT)
        self.is_paused = False

    async def wait(self) -> int:
        """Its exit code; negative for a signal."""
        code = await self._process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return code

    async def kill(self) -> None:
        self._signal(signal.SIGKILL)
        for inlet in self.inputs:
            inlet.close()
        await self.wait()

    def _signal(self, number: signal.Signals) -> None:
        """To all of its session: whatever it might have started."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _follow(self, progress: asyncio.StreamReader) -> None:
        """`name=value` lines; a block of them each time it says how far it is."""
        async for line in progress:
            name, _, value = line.decode("ascii", "replace").strip().partition("=")
            if name == "out_time_us" and value.isdecimal():
                self.done_s = max(self.done_s, int(value) / 1_000_000)
            elif name == "frame" and value.isdecimal():
                self.frames = int(value)


class Inlet(asyncio.Protocol):
    """A pipe into the child that is written no faster than it is read."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport
        self._may_write = asyncio.Event()
        self._may_write.set()
        self.is_lost = False

    @classmethod
    async def open(cls, descriptor: int) -> "Inlet":
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(descriptor, "wb", 0)
        inlet = cls()
        inlet._transport, _ = await loop.connect_write_pipe(lambda: inlet, pipe)
        inlet._transport.set_write_buffer_limits(high=PIPE_BYTES)
        return inlet

    async def write(self, data: bytes) -> bool:
        """Return when it was taken, nearly; False if nobody reads any more."""
        await self._may_write.wait()
        if self.is_lost or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def close(self) -> None:
        self._transport.close()

    async def pour(self, parts: Sequence[Callable[[], Awaitable[bytes]]]) -> bool:
        """Write what each of `parts` gives; the next is fetched while one is being read.

        False if the child ended before it had read them.
        """
        fetching: asyncio.Task[bytes] | None = None
        try:
            for number in range(len(parts)):
                fetching = fetching or _fetch(parts[number])
                data, fetching = await fetching, None
                if number + 1 < len(parts):
                    fetching = _fetch(parts[number + 1])
                if not await self.write(data):
                    return False
            await self._may_write.wait()
            return not self.is_lost
        finally:
            if fetching is not None:
                fetching.cancel()
                await asyncio.gather(fetching, return_exceptions=True)
            self.close()

    # --- what asyncio calls ---------------------------------------------------------------------

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.is_lost = True
        self._may_write.set()


def _fetch(part: Callable[[], Awaitable[bytes]]) -> "asyncio.Task[bytes]":
    async def fetch() -> bytes:
        return await part()

    return asyncio.create_task(fetch(), name="child-input")


async def _open_reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    return reader
