"""A session's sound as AAC, where its publisher sends another codec: made once, for the programme
and for every rung.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from libs.back_off import BackOff
from libs.events import SoundReport
from libs.media.flv import AAC_CODEC, FLVInvalid, Tag, TagType, is_sequence_header, sound_codec
from libs.tags import EndCue, Ingest, IngestAway, SessionUnknown, is_cue, read_cue
from services.transcoder.encoder import Encoder
from services.transcoder.errors import TakeFailed
from services.transcoder.rung_put import RungPut
from services.transcoder.voice import Voice

log = structlog.get_logger()

LONGEST_MS = 20 * 24 * 3600 * 1000
"""FFmpeg writes 31 bits of an FLV time: a voice ends before they are used up."""
YOUNG_UNTIL_MS = 10_000 + 5000
"""Session time, which begins at 10 s, up to which ingest waits for the first of a session's sound:
then all of it is made. Later what is missing is missing; players are past it."""
FOURCC = 4
NEW_FFMPEG = "FFmpeg reads this codec in FLV since version 8: set WEIR_FFMPEG to a newer one."


class Recoding:
    """`run` once. `on_made` gets every tag that is made, `on_report` each change of how it goes."""

    def __init__(
        self,
        *,
        ingest: Ingest,
        epoch: int,
        start_encoder: Callable[[], Awaitable[Encoder]],
        open_put: Callable[[], Awaitable[RungPut]],
        on_made: Callable[[Tag], None],
        on_report: Callable[[SoundReport | None], None],
        back_off: BackOff | None = None,
    ) -> None:
        self._ingest = ingest
        self._epoch = epoch
        self._start_encoder = start_encoder
        self._open_put = open_put
        self._on_made = on_made
        self._on_report = on_report
        self._back_off = back_off or BackOff()
        self._header: Tag | None = None
        """What the codec needs before its first frame, if anything."""
        self._codec = ""
        self._voice: Voice | None = None
        self._is_live = False
        """Whether there has been sound of it."""
        self._is_first = True
        """Whether nothing has been pulled yet."""
        self._log = log.bind(session=ingest.session, epoch=epoch)

    @property
    def is_superseded(self) -> bool:
        """Whether another worker has the sound."""
        return self._voice is not None and self._voice.is_superseded

    async def run(self) -> None:
        """Until the session is over. Raises `IngestFenced`."""
        while True:
            began_s = time.monotonic()
            try:
                await self._pull()
            except SessionUnknown:
                return
            except (TakeFailed, IngestAway) as error:
                self._tell_failure(error)
                pause_s = self._back_off.next_s(lasted_s=time.monotonic() - began_s)
                await asyncio.sleep(pause_s)
            else:
                return

    async def _pull(self) -> None:
        is_first, self._is_first = self._is_first, False
        try:
            if not is_first or not await self._read(after=-1):
                await self._read(after=None)
        finally:
            voice, self._voice = self._voice, None
            if voice is not None:
                await voice.kill()

    async def _read(self, after: int | None) -> bool:
        """To the end of the session; False if it is too old to begin with its first tag."""
        async with self._ingest.pull(after, self._epoch, inside=True) as pull:
            prologue = await pull.prologue()
            if after is not None and prologue.position.session_ms > YOUNG_UNTIL_MS:
                return False
            for header in prologue.headers:
                await self._take(header)
            async for tags in pull.tags():
                for tag in tags:
                    if tag.type is TagType.AUDIO:
                        await self._take(tag)
                    elif is_cue(tag) and isinstance(read_cue(tag), EndCue):
                        await self._end()
                        return True
        raise TakeFailed("ingest_away", "Ingest ended the pull of the source.")

    async def _take(self, tag: Tag) -> None:
        try:
            codec, is_header = sound_codec(tag), is_sequence_header(tag)
        except FLVInvalid:
            return
        if codec is None:
            return
        if codec != self._codec or (is_header and tag.body != (self._header or tag).body):
            await self._end()
            self._codec, self._header = codec, None
        if codec == AAC_CODEC:
            return
        if is_header:
            self._header = tag
            return
        voice = self._voice
        if voice is not None and tag.dts_ms - voice.begin_ms > LONGEST_MS:
            await self._end()
        if self._voice is None:
            self._voice = await self._begin(tag)
        self._voice.feed(tag)

    async def _begin(self, first: Tag) -> Voice:
        self._log.info("sound.begun", codec=self._codec, at_ms=first.dts_ms)
        self._is_live = False
        self._on_report(SoundReport(codec=self._codec, state="starting"))
        return await Voice.begin(
            self._codec,
            self._header,
            first.dts_ms,
            start_encoder=self._start_encoder,
            open_put=self._open_put,
            on_made=self._hear,
        )

    def _hear(self, made: Tag) -> None:
        self._on_made(made)
        if not self._is_live and not is_sequence_header(made):
            self._is_live = True
            self._on_report(SoundReport(codec=self._codec, state="live"))

    async def _end(self) -> None:
        """What was put in comes out whole; then there is nothing to be made."""
        voice, self._voice = self._voice, None
        if voice is not None:
            await voice.finish()
            self._on_report(None)

    def _tell_failure(self, error: TakeFailed | IngestAway) -> None:
        cause = error.cause if isinstance(error, TakeFailed) else error.code
        detail = str(error)
        if (
            cause in ("ffmpeg_failed", "stalled")
            and len(self._codec) == FOURCC
            and self._codec != ".mp3"
        ):
            detail = f"{detail} {NEW_FFMPEG}"
        self._log.warning("sound.failed", codec=self._codec, cause=cause, reason=detail)
        if self._codec not in ("", AAC_CODEC):
            self._on_report(
                SoundReport(codec=self._codec, state="failed", cause=cause, detail=detail)
            )
