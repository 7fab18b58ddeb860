"""A take: one process that makes all rungs of a session, from one keyframe of the source on.

It pulls the source by itself, so that two takes may run side by side while one takes over.
"""

import asyncio
import enum
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import structlog

from libs.ending import end
from libs.events import LadderCodec, MarkReport, Rung
from libs.events.marks import Mark
from libs.media.flv import Tag, is_sequence_header, write_tag
from libs.names import MARKED
from libs.rung_sizes import choose, full_size
from libs.tags import Ingest, Pull
from services.transcoder.colours import colours_of
from services.transcoder.encoder import Encoder
from services.transcoder.encoding import Encoding
from services.transcoder.errors import TakeFailed
from services.transcoder.layers import Drawn
from services.transcoder.rung_output import RungOutput
from services.transcoder.rung_put import RungPut
from services.transcoder.source import Changed, Ended, Item, Picture, Sound, Source

log = structlog.get_logger()

MEASURED_FRAMES, MEASURED_MS = 6, 500
"""What the frame rate is measured by, before anything is encoded."""
LEAD_MS = 1000
"""ffmpeg's time begins here: some pictures are shown before the keyframe they come after."""
LONGEST_MS = 20 * 24 * 3600 * 1000
"""FFmpeg writes 31 bits of an FLV time: a take ends before they are used up."""
WATCH_S = 0.5
STALL_S = 10.0
STALL_INPUT_MS = 3000
"""Nothing comes out for so long although so much was put in: an encoder holds back far less."""
SLOW_MS = 3000
"""Behind the source by more, and not catching up: too slow."""
SLOW_LOOKS = 6
FINISH_S = 5.0
TOO_SLOW, SHED = "too_slow", "shed"
"""What the gaps are called that it leaves: of a rung that is made again at once, and of one that is
not for a while."""

StartEncoder = Callable[[Encoding], Awaitable[Encoder]]
DrawLayers = Callable[[Sequence[Mark], int, int], Awaitable[Drawn]]
"""The marks, for frames of that width and height."""
OpenPut = Callable[[str, int], Awaitable[RungPut]]
"""The rung's name and the tag at which decoding began. Raises `TakeFailed`."""


class End(enum.Enum):
    SESSION_OVER = enum.auto()
    SOURCE_CHANGED = enum.auto()
    RETIRED = enum.auto()
    """It was told to, or every rung of it has been taken over."""


class Wanted(NamedTuple):
    """What a take is to make."""

    rungs: tuple[Rung, ...]
    """Smallest first."""
    marks: tuple[Mark, ...] = ()
    """With any, the marked picture is made, too, in the source's size."""
    codec: LadderCodec = "libx264"
    """Of the rungs."""
    shed: int = 0
    """How many of those that could be made are not, from the top."""


class Take:
    """`run` once. Its end is one of `End`, or `TakeFailed`, `SourceUnsupported`, `IngestFenced`,
    `SessionUnknown`.
    """

    def __init__(
        self,
        number: int,
        wanted: Wanted,
        *,
        ingest: Ingest,
        epoch: int,
        start_encoder: StartEncoder,
        draw_layers: DrawLayers,
        open_put: OpenPut,
        max_input_bytes: int,
        after: int | None = None,
    ) -> None:
        self.number = number
        self.wanted = wanted
        self.outputs: list[RungOutput] = []
        self.left_out: list[Rung] = []
        """The source is too small for them."""
        self.shed: list[Rung] = []
        self.marks: tuple[MarkReport, ...] = ()
        """What became of each."""
        self.has_other_codec = False
        """Whether its rungs are H.264, because the H.265 that is wanted cannot be made here."""
        self.changed_tag = 0
        """Where the source changed, if that was its end."""
        self._ingest = ingest
        self._epoch = epoch
        self._start_encoder = start_encoder
        self._draw_layers = draw_layers
        self._open_put = open_put
        self._max_input_bytes = max_input_bytes
        self._after = after
        self._encoder: Encoder | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._retired = asyncio.Event()
        self._source: Source | None = None
        self._made_header: Tag | None = None
        """Of the sound that is made of the publisher's."""
        self._first: list[Picture] = []
        self._sounds: list[Sound] = []
        """Before it has begun."""
        self._base_ms = self._begin_ms = self._newest_ms = 0
        self._wall_ms = 0.0
        """The wall clock less session time."""
        self._is_finishing = False
        self._log = log.bind(session=ingest.session, epoch=epoch, take=number)

    # --- how it goes ----------------------------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """Whether every rung of it has come out."""
        return bool(self.outputs) and all(output.frames for output in self.outputs)

    @property
    def lag_ms(self) -> int:
        """Media time between the newest picture that went in and the last that came out."""
        return max((self._newest_ms - output.newest_ms for output in self.outputs), default=0)

    @property
    def is_marking(self) -> bool:
        """Whether it makes the marked picture, and ingest takes it."""
        return any(
            output.sized.rung.name == MARKED and not output.is_superseded for output in self.outputs
        )

    @property
    def has_foreign_sound(self) -> bool:
        """Whether the publisher's sound has to be made AAC; then it comes by `hear`."""
        return self._source is not None and self._source.has_foreign_sound

    @property
    def is_superseded(self) -> bool:
        """Whether every rung of it is made by another."""
        return bool(self.outputs) and all(output.is_superseded for output in self.outputs)

    def retire(self, cause: str | None = None) -> None:
        """End it; `cause` is what ingest is told, if nobody makes its rungs then."""
        for output in self.outputs:
            output.end_cause = cause
        self._retired.set()

    def hear(self, tag: Tag) -> None:
        """Of the sound that is made of the publisher's."""
        if is_sequence_header(tag):
            self._made_header = tag
        if self._first:
            self._sounds.append(Sound(tag))
            self._hear()

    # --- its life -------------------------------------------------------------------------------

    async def run(self) -> End:
        feeding = asyncio.create_task(self._feed(), name="take-feed")
        watching = asyncio.create_task(self._watch(), name="take-watch")
        retiring = asyncio.create_task(self._retired.wait(), name="take-retire")
        racing: list[asyncio.Future[Any]] = [self._failed, feeding, watching, retiring]
        try:
            done, _ = await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            for task in racing:
                if task in done:
                    task.result()
            return feeding.result() if feeding in done else End.RETIRED
        finally:
            await end(feeding, watching, retiring)
            await self._close()

    async def _feed(self) -> End:
        async with self._ingest.pull(self._after, self._epoch, inside=True) as pull:
            end = await self._read(pull)
        await self._finish()
        return end

    async def _read(self, pull: Pull) -> End:
        prologue = await pull.prologue()
        if self._after is not None and prologue.position.next_tag != self._after + 1:
            raise TakeFailed("tags_lost", "The source's tags are gone from the replay window.")
        source = self._source = Source(prologue)
        async for tags in pull.tags():
            for tag in tags:
                end = await self._take_in(source, source.read(tag))
                if end is not None:
                    return end
        raise TakeFailed("ingest_away", "Ingest ended the pull of the source.")

    async def _take_in(self, source: Source, item: Item | None) -> End | None:
        match item:
            case Picture():
                self._wall_ms = source.wall_ms
                if self._encoder is None:
                    await self._gather(source, item)
                elif item.is_keyframe and item.tag.dts_ms - self._base_ms > LONGEST_MS:
                    self.changed_tag = source.next_tag - 1
                    return End.SOURCE_CHANGED
                else:
                    self._put_in(item)
            case Sound():
                self._sounds.append(item)
                self._hear()
            case Changed():
                self.changed_tag = item.number
                return End.SOURCE_CHANGED
            case Ended():
                return End.SESSION_OVER
        return None

    async def _gather(self, source: Source, picture: Picture) -> None:
        """The first pictures tell the frame rate; then it begins."""
        self._first.append(picture)
        frame_rate = _frame_rate(self._first)
        if frame_rate is not None:
            await self._begin(source, frame_rate)

    async def _begin(self, source: Source, frame_rate: float) -> None:
        assert source.config is not None
        keyframe = self._first[0]
        self._base_ms = keyframe.tag.dts_ms - LEAD_MS
        self._begin_ms = self._newest_ms = keyframe.pts_ms
        made, self.left_out = choose(self.wanted.rungs, source.config)
        marked = [full_size(source.config)] if self.wanted.marks else []
        keep = max(0 if marked else 1, len(made) - self.wanted.shed)
        self.shed = [sized.rung for sized in made[keep:]]
        # The marked picture is the programme: whatever is shed, it is not.
        made = [*marked, *made[:keep]]
        drawn = await self._draw_layers(
            self.wanted.marks, source.config.width, source.config.height
        )
        self.marks = drawn.marks
        if self.wanted.marks and not drawn.layers:
            # What is made without any would be shown as if it were marked.
            raise TakeFailed("marks_unavailable", drawn.why_not)
        encoding = Encoding(
            made,
            frame_rate,
            layers=drawn.layers,
            colours=colours_of(source.config),
            codec=self.wanted.codec,
        )
        self._encoder = await self._start_encoder(encoding)
        self.has_other_codec = len(made) > len(marked) and self._encoder.codec != encoding.codec
        self._log.info(
            "take.begun", pid=self._encoder.pid, from_tag=source.from_tag, at_ms=self._begin_ms,
            frame_rate=frame_rate, rungs=[f"{each.rung.name}:{each.width}x{each.height}"
            for each in made],
        )  # fmt: skip
        self.outputs = [
            RungOutput(
                sized,
                base_ms=self._base_ms,
                begin_ms=self._begin_ms,
                newest_in_ms=lambda: self._newest_ms,
                open_put=lambda name: self._open_put(name, source.from_tag),
                pictures=pictures,
            )
            for sized, pictures in zip(made, self._encoder.pictures, strict=True)
        ]
        for output, reader in zip(self.outputs, self._encoder.outputs, strict=True):
            self._spawn(output.run(reader))
        self._spawn(self._mind(self._encoder))
        self._encoder.feed(source.head(frame_rate))
        for picture in self._first:
            self._put_in(picture)
        header = self._made_header if source.has_foreign_sound else source.sound_header
        if header is not None:
            self._sounds.insert(0, Sound(header._replace(dts_ms=keyframe.tag.dts_ms)))
        self._hear()

    def _put_in(self, picture: Picture) -> None:
        assert self._encoder is not None
        tag = picture.tag
        self._newest_ms = max(self._newest_ms, picture.pts_ms)
        self._encoder.show_until(self._newest_ms - self._base_ms, self._wall_s)
        self._encoder.feed(write_tag(tag._replace(dts_ms=tag.dts_ms - self._base_ms)))

    def _wall_s(self, encoder_ms: int) -> float:
        """The wall clock of a time of the encoder's, in Unix seconds."""
        return (encoder_ms + self._base_ms + self._wall_ms) / 1000

    def _hear(self) -> None:
        if self.outputs:
            for sound in self._sounds:
                for output in self.outputs:
                    output.hear(sound.tag)
            self._sounds.clear()

    # --- its process ----------------------------------------------------------------------------

    async def _mind(self, encoder: Encoder) -> None:
        """Raises `TakeFailed` if the process ends before it was told to."""
        code = await encoder.wait()
        if not self._is_finishing:
            said = encoder.log[-1] if encoder.log else ""
            self._log.warning("take.ffmpeg_ended", code=code, said=list(encoder.log)[-10:])
            raise TakeFailed("ffmpeg_failed", f"ffmpeg ended with code {code}. {said}".strip())

    async def _watch(self) -> None:
        """Raises `TakeFailed` when nothing comes out, or too late."""
        lags: deque[int] = deque(maxlen=SLOW_LOOKS)
        news_s, frames, newest_ms = time.monotonic(), 0, 0
        while True:
            await asyncio.sleep(WATCH_S)
            if self._encoder is None:
                continue
            for output in self.outputs:
                await output.flush_sound()
            now_s = time.monotonic()
            made = sum(output.frames for output in self.outputs)
            if made > frames:
                frames = made
                news_s, newest_ms = now_s, self._newest_ms
            if now_s - news_s > STALL_S and self._newest_ms - newest_ms > STALL_INPUT_MS:
                raise TakeFailed("stalled", f"ffmpeg has made nothing for {STALL_S:.0f} s.")
            lags.append(self.lag_ms)
            is_behind = len(lags) == SLOW_LOOKS and min(lags) > SLOW_MS and lags[-1] >= lags[0]
            if is_behind or self._encoder.waiting_bytes > self._max_input_bytes:
                self._say_too_slow()
                raise TakeFailed("too_slow", f"ffmpeg is {self.lag_ms / 1000:.1f} s behind.")

    def _say_too_slow(self) -> None:
        """Its rungs end; the next take makes all of them but the largest."""
        rungs = [each for each in self.outputs if each.sized.rung.name != MARKED]
        for output in rungs:
            output.end_cause = TOO_SLOW
        if len(self.outputs) > 1 and rungs:
            rungs[-1].end_cause = SHED

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - `run` raises it
                if not self._failed.done():
                    self._failed.set_exception(error)

        self._tasks.append(asyncio.create_task(run()))

    async def _finish(self) -> None:
        """The source has ended: what ffmpeg still has comes out."""
        if self._encoder is None:
            return
        self._is_finishing = True
        self._encoder.finish()
        await asyncio.wait(self._tasks, timeout=FINISH_S)

    async def _close(self) -> None:
        self._is_finishing = True
        if self._encoder is not None:
            await self._encoder.kill()
        # Their pipes have ended: what is there is sent, and the bodies end.
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_S)
        await end(*self._tasks)
        if self._failed.done() and not self._failed.cancelled():
            self._failed.exception()
        self._failed.cancel()


def _frame_rate(first: list[Picture]) -> float | None:
    """Of the first frames; None while there are too few to tell."""
    spans_ms = first[-1].tag.dts_ms - first[0].tag.dts_ms
    if spans_ms <= 0 or (len(first) < MEASURED_FRAMES and spans_ms < MEASURED_MS):
        return None
    return min(max((len(first) - 1) * 1000 / spans_ms, 1.0), 120.0)
