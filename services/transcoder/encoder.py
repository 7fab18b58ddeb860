"""The child process: FLV in on its stdin, FLV or Matroska out of a pipe for each rung.

It is of its own session and dies with us; it may open no file and write none, and its memory is
limited. What it says is kept, the newest lines only.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable

from libs.events import LadderCodec
from services.transcoder.argv import build_argv, build_sound_argv, family_of
from services.transcoder.confinement import Limits, confine, environment
from services.transcoder.encoding import Encoding
from services.transcoder.families import SOFTWARE, Family
from services.transcoder.logbook import Logbook, read_lines
from services.transcoder.overlay import Overlay
from services.transcoder.pictures import FLVPictures, MatroskaPictures, Pictures

LIMITS = Limits(address_space_bytes=4 << 30)
HARDWARE_LIMITS = Limits(address_space_bytes=None, open_files=256)
LOG_LINES = 100
PIPE_BYTES = 1 << 18


class Encoder:
    """`outputs` has what is made of each rung, in their order."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        outputs: list[asyncio.StreamReader],
        overlays: list[Overlay],
        logbook: Logbook | None = None,
    ) -> None:
        assert process.stdin is not None
        self._logbook = logbook
        self.outputs = outputs
        self.pictures: list[Pictures] = []
        """What reads each rung's output."""
        self._overlays = overlays
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._process = process
        self._stdin = process.stdin
        self._logging = asyncio.create_task(self._keep_log(), name="encoder-log")

    @classmethod
    async def start(
        cls,
        binary: str,
        encoding: Encoding,
        *,
        preset: str,
        logbook: Logbook | None = None,
        family: Family = SOFTWARE,
        hevc: Family | None = None,
    ) -> "Encoder":
        """`logbook` gets what it says; `hevc`, if it is there, makes the ladder's rungs.

        Raises `OSError` if there is no such binary.
        """
        rungs, layers = encoding.rungs, encoding.layers
        pipes = [os.pipe() for _ in rungs]
        writing = [pipe[1] for pipe in pipes]
        overlays = [Overlay(layer) for layer in layers]
        reading = [overlay.descriptor for overlay in overlays]
        argv = build_argv(
            binary,
            list(zip(rungs, writing, strict=True)),
            frame_rate=encoding.frame_rate,
            preset=preset,
            layers=list(zip(layers, reading, strict=True)),
            colours=encoding.colours,
            family=family,
            hevc=hevc,
        )
        limits = LIMITS if family is SOFTWARE else HARDWARE_LIMITS
        started = await cls._run(argv, pipes, overlays, limits=limits, logbook=logbook)
        families = [family_of(sized, family, hevc) for sized in rungs]
        started.pictures = [MatroskaPictures() if f.is_hevc else FLVPictures() for f in families]
        return started

    @classmethod
    async def start_sound(cls, binary: str, *, logbook: Logbook | None = None) -> "Encoder":
        """Its one output is the sound, as AAC. Raises `OSError` if there is no such binary."""
        pipe = os.pipe()
        argv = build_sound_argv(binary, pipe[1])
        return await cls._run(argv, [pipe], [], limits=LIMITS, logbook=logbook)

    @classmethod
    async def _run(
        cls,
        argv: list[str],
        pipes: list[tuple[int, int]],
        overlays: list[Overlay],
        *,
        limits: Limits,
        logbook: Logbook | None,
    ) -> "Encoder":
        writing = [pipe[1] for pipe in pipes]
        reading = [overlay.descriptor for overlay in overlays]
        outputs = [await _open_reader(pipe[0]) for pipe in pipes]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                cwd="/",
                pass_fds=[*writing, *reading],
                start_new_session=True,
                preexec_fn=confine(limits),
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
        return cls(process, outputs, overlays, logbook)

    @property
    def codec(self) -> LadderCodec:
        """Of the ladder's rungs."""
        is_hevc = any(isinstance(each, MatroskaPictures) for each in self.pictures)
        return "libx265" if is_hevc else "libx264"

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
        if self._logbook is not None:
            self._logbook.add(f"process {self._process.pid} ended with code {code}")
            self._logbook.flush()
        return code

    async def kill(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self.finish()
        await self.wait()

    async def _keep_log(self) -> None:
        assert self._process.stderr is not None
        await read_lines(self._process.stderr, self._add_line)

    def _add_line(self, line: str) -> None:
        self.log.append(line)
        if self._logbook is not None:
            self._logbook.add(line)


async def _open_reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=PIPE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
    )
    return reader
