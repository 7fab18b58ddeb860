"""Finds out whether an encoder works here: it is let encode a frame, once.

That FFmpeg lists an encoder says nothing of the device, its driver or our rights to it.
"""

import asyncio
import contextlib
import tempfile

import structlog

from services.transcoder.argv import build_probe
from services.transcoder.confinement import Limits, confine, environment
from services.transcoder.families import FAMILIES, HARDWARE, SOFTWARE, X265, Choice, Family
from services.transcoder.logbook import read_lines

log = structlog.get_logger()

TIMEOUT_S = 15.0
"""A driver that hangs must not hold up the software for longer."""
LIMITS = Limits(address_space_bytes=None, file_bytes=1 << 20, cpu_s=30, open_files=256)


class EncoderChoice:
    """`auto` takes the first family that works. One that was asked for by name and does not work is
    an error in the log, and software takes its place: what is on air goes first.
    """

    def __init__(self, wanted: Choice, binary: str) -> None:
        self._wanted = wanted
        self._binary = binary
        self._found: asyncio.Task[Family] | None = None
        self._hevc: asyncio.Task[Family | None] | None = None

    async def family(self) -> Family:
        if self._found is None:
            self._found = asyncio.create_task(self._find(), name="encoder-probe")
        return await asyncio.shield(self._found)

    async def hevc(self) -> Family | None:
        """What makes H.265; None if this FFmpeg has no x265."""
        if self._hevc is None:
            self._hevc = asyncio.create_task(self._find_hevc(), name="hevc-probe")
        return await asyncio.shield(self._hevc)

    async def _find_hevc(self) -> Family | None:
        reason = await probe(self._binary, X265)
        if reason is not None:
            log.warning("encoder.no_hevc", reason=reason, used="H.264")
            return None
        return X265

    async def _find(self) -> Family:
        if self._wanted == "software":
            return SOFTWARE
        tried = HARDWARE if self._wanted == "auto" else (FAMILIES[self._wanted],)
        for family in tried:
            reason = await probe(self._binary, family)
            if reason is None:
                log.info("encoder.chosen", family=family.name, codec=family.codec)
                return family
            if self._wanted == "auto":
                log.info("encoder.not_here", family=family.name, reason=reason)
            else:
                log.error("encoder.unusable", family=family.name, reason=reason, used="software")
        return SOFTWARE


async def probe(binary: str, family: Family, *, timeout_s: float = TIMEOUT_S) -> str | None:
    """Encode one frame; None if that works, else why not."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            process = await asyncio.create_subprocess_exec(
                *build_probe(binary, family),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                cwd=folder,
                start_new_session=True,
                preexec_fn=confine(LIMITS),
            )
        except OSError as error:
            return f"ffmpeg cannot be run: {error}"
        assert process.stderr is not None
        lines: list[str] = []
        try:
            async with asyncio.timeout(timeout_s):
                await read_lines(process.stderr, lines.append)
                code = await process.wait()
        except TimeoutError:
            return f"no answer within {timeout_s:g} s"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    return None if code == 0 else (lines[0] if lines else f"ffmpeg ended with code {code}")
