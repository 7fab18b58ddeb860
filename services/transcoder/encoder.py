"""The child process: FLV in on its stdin, an FLV out of a pipe for each rung.

It is of its own session and dies with us; it may open no file and write none, and its memory is
limited. What it says is kept, the newest lines only.
"""

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Sequence

from services.transcoder.argv import build_argv
from services.transcoder.layers import Layer
from services.transcoder.overlay import Overlay
from services.transcoder.sizes import SizedRung

NICENESS = 5
"""Whoever receives, cuts and sends goes first."""
ADDRESS_SPACE_BYTES = 4 << 30
OPEN_FILES = 64
LOG_LINES, LOG_LINE_CHARS = 100, 400
PIPE_BYTES = 1 << 18
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _confine() -> None:
    """In the child, before ffmpeg."""
    with contextlib.suppress(AttributeError):  # not Linux: the end of its stdin ends it as well
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))


class Encoder:
    """`outputs` has the FLV of each rung, in their order."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        outputs: list[asyncio.StreamReader],
        overlays: list[Overlay],
    ) -> None:
        assert process.stdin is not None
        self.outputs = outputs
        self._overlays = overlays
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._process = process
        self._stdin = process.stdin
        self._logging = asyncio.create_task(self._keep_log(), name="encoder-log")

    @classmethod
    async def start(
        cls,
        binary: str,
        rungs: Sequence[SizedRung],
        *,
        frame_rate: float,
        preset: str,
        layers: Sequence[Layer] = (),
    ) -> "Encoder":
        """Raises `OSError` if there is no such binary."""
        pipes = [os.pipe() for _ in rungs]
        writing = [pipe[1] for pipe in pipes]
        overlays = [Overlay(layer) for layer in layers]
        reading = [overlay.descriptor for overlay in overlays]
        argv = build_argv(
            binary,
            list(zip(rungs, writing, strict=True)),
            frame_rate=frame_rate,
            preset=preset,
            layers=list(zip(layers, reading, strict=True)),
        )
        outputs = [await _open_reader(pipe[0]) for pipe in pipes]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                cwd="/",
                pass_fds=[*writing, *reading],
                start_new_session=True,
                preexec_fn=_confine,
            )
        except BaseException:
            for overlay in overlays:
                overlay.close()
            raise
        finally:
            for descriptor in writing:
                os.close(descriptor)
            for overlay in overlays:
                overlay.close_reading()
        for overlay in overlays:
            await overlay.open()
        return cls(process, outputs, overlays)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def waiting_bytes(self) -> int:
        """What it has not taken yet."""
        return self._stdin.transport.get_write_buffer_size()

    def feed(self, data: bytes) -> None:
        if not self._stdin.is_closing():
            self._stdin.write(data)

    def show_until(self, encoder_ms: int, wall_s: Callable[[int], float]) -> None:
        """Let the clocks in the picture go on to `encoder_ms`; `wall_s` gives that time's."""
        for overlay in self._overlays:
            overlay.show_until(encoder_ms, wall_s)

    def finish(self) -> None:
        """Nothing more comes: let it write what it has."""
        self._stdin.close()
        for overlay in self._overlays:
            overlay.close()

    async def wait(self) -> int:
        """Its exit code; negative for a signal."""
        code = await self._process.wait()
        await asyncio.gather(self._logging, return_exceptions=True)
        return code

    async def kill(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self.finish()
        await self.wait()

    async def _keep_log(self) -> None:
        assert self._process.stderr is not None
        rest = b""
        while data := await self._process.stderr.read(4096):
            *lines, rest = (rest[-LOG_LINE_CHARS:] + data).split(b"\n")
            self.log.extend(line.decode("utf-8", "replace")[:LOG_LINE_CHARS] for line in lines)
        if rest:
            self.log.append(rest.decode("utf-8", "replace")[:LOG_LINE_CHARS])


_KEPT = ("PATH", "LD_LIBRARY_PATH")


async def _open_reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=PIPE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    return reader
