"""Burns viewers' marks into segments: who is let in, the mark's picture, and the child process."""

import asyncio
import contextlib
import itertools
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable

import structlog

from libs.events.viewer_marks import BurnOrder, ViewerMark
from libs.marks import Fonts
from libs.media.avc import free_set_id
from libs.media.cmaf_reader import Chunk, read_chunks, read_configuration
from libs.media.codec import VideoConfig
from services.transcoder.burn_argv import Run, build_burn
from services.transcoder.burn_mark import BurnMark
from services.transcoder.colours import Colours, colours_of
from services.transcoder.confinement import Limits, confine, environment
from services.transcoder.cost import Slots
from services.transcoder.errors import BurnFailed, BurnRefused, NoRoomToBurn

CORES = 1.0
"""That a segment takes while it is burned."""
ROOM_S = 3.0
"""How long a segment waits for room; then another worker may have it."""
BURN_S = 30.0
"""Longest time for one segment."""
LIMITS = Limits(address_space_bytes=4 << 30, cpu_s=60, niceness=6)
"""Behind what is live."""
KEPT_BYTES = 32 << 20
"""Of marks that were drawn: some twenty in 1080p."""
LOG_BYTES = 2000
MAX_PIXELS = 4096 * 2304

log = structlog.get_logger()


class Burning:
    def __init__(self, binary: str, slots: Slots) -> None:
        self._binary = binary
        self._slots = slots
        self._room = asyncio.Event()
        self._numbers = itertools.count()
        self._fonts: Fonts | None = None
        self._drawn: OrderedDict[tuple[ViewerMark, int, int], BurnMark] = OrderedDict()
        slots.on_change.append(self._room.set)

    async def burn(self, order: BurnOrder, init: bytes, media: bytes) -> bytes:
        """The wanted pictures with the mark, as FLV; times are from the first picture shown on.

        Raises `NoRoomToBurn`, `BurnRefused`, `BurnFailed`, `MarkRefused`, and what the reader of
        `init` does.
        """
        config = read_configuration(init)
        if not isinstance(config, VideoConfig) or config.width * config.height > MAX_PIXELS:
            raise BurnRefused(f"Pictures of up to {MAX_PIXELS >> 20} megapixels are burned.")
        runs = wanted_runs(list(read_chunks(media)), order.samples)
        # Plain H.264 may be in force beside it: of H.265 there are only other segments like this.
        set_id = 0 if config.is_hevc else free_set_id(config.record)

        colours = colours_of(config)

        async with self._place():
            mark = await self._mark(order.mark, config)

            def build(descriptor: int) -> list[str]:
                return build_burn(
                    self._binary, mark, descriptor, runs, colours=colours, set_id=set_id
                )

            return await _run(build, init + media, mark.yuva(colours or Colours()))

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Room for one. Raises `NoRoomToBurn`."""
        place = f"burn:{next(self._numbers)}"
        until_s = asyncio.get_running_loop().time() + ROOM_S
        while not self._slots.enter_brief(place, CORES):
            self._room.clear()
            try:
                async with asyncio.timeout_at(until_s):
                    await self._room.wait()
            except TimeoutError:
                raise NoRoomToBurn("All workers are busy; ask again in a moment.") from None
        try:
            yield
        finally:
            self._slots.leave_brief(place)

    async def _mark(self, mark: ViewerMark, config: VideoConfig) -> BurnMark:
        """A viewer's next segment has the same."""
        key = (mark, config.width, config.height)
        found = self._drawn.pop(key, None)
        if found is None:
            if self._fonts is None or not self._fonts.faces:
                self._fonts = await asyncio.to_thread(Fonts)
            size = {"width": config.width, "height": config.height}
            found = await asyncio.to_thread(BurnMark.draw, mark, self._fonts, **size)
        self._drawn[key] = found
        while len(self._drawn) > 1 and sum(map(_size, self._drawn.values())) > KEPT_BYTES:
            self._drawn.popitem(last=False)
        return found


def _size(mark: BurnMark) -> int:
    return len(mark.alpha)


def wanted_runs(chunks: list[Chunk], samples: int) -> list[Run]:
    """Where the last `samples` stand in the order in which all are shown. Raises `BurnRefused`."""
    times = list(_shown_at(chunks))
    if samples > len(times):
        raise BurnRefused("More pictures are wanted than were sent.")
    wanted = set(range(len(times) - samples, len(times)))
    runs: list[Run] = []
    for place, index in enumerate(sorted(range(len(times)), key=times.__getitem__)):
        if index not in wanted:
            continue
        if runs and runs[-1].last == place - 1:
            runs[-1] = runs[-1]._replace(last=place)
        else:
            runs.append(Run(place, place))
    return runs


def _shown_at(chunks: list[Chunk]) -> list[int]:
    times = []
    for chunk in chunks:
        dts = chunk.decode_time
        for sample in chunk.samples:
            times.append(dts + sample.composition)
            dts += sample.duration
    return times


async def _run(build: Callable[[int], list[str]], media: bytes, mark: bytes) -> bytes:
    """What the child makes whose command line `build` gives for the descriptor that it reads the
    mark from. Raises `BurnFailed`.
    """
    reading, writing = os.pipe()
    with contextlib.ExitStack() as ours:
        ours.callback(os.close, writing)
        try:
            process = await asyncio.create_subprocess_exec(
                *build(reading),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
                cwd="/",
                pass_fds=[reading],
                start_new_session=True,
                preexec_fn=confine(LIMITS),
            )
        except OSError as error:
            raise BurnFailed(f"ffmpeg cannot be run: {error}") from error
        finally:
            os.close(reading)
        ours.pop_all()
    try:
        async with asyncio.timeout(BURN_S):
            await _feed(mark, writing)
            made, said = await process.communicate(media)
    except TimeoutError:
        raise BurnFailed("ffmpeg did not end in time.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        words = said[-LOG_BYTES:].decode("utf-8", "replace").strip()
        log.warning("burn.failed", code=process.returncode, said=words)
        raise BurnFailed(f"ffmpeg ended with code {process.returncode}.")
    return made


async def _feed(mark: bytes, writing: int) -> None:
    pipe, _ = await asyncio.get_running_loop().connect_write_pipe(
        asyncio.Protocol, os.fdopen(writing, "wb", 0)
    )
    pipe.write(mark)
    pipe.close()  # once that is written, or nobody reads it any more
