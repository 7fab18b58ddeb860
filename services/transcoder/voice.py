"""A voice: one process that makes AAC of a publisher's sound, from one tag of it on.

Its own, beside the one that makes pictures: sound goes on whatever becomes of those.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from libs.ending import end
from libs.media.flv import FLVReader, Tag, TagType, is_sequence_header, write_tag
from services.transcoder.encoder import Encoder
from services.transcoder.errors import TakeFailed
from services.transcoder.rung_put import RungPut, check_status

SOUND_ONLY = b"FLV\x01\x04\x00\x00\x00\x09\x00\x00\x00\x00"
LEAD_MS = 1000
"""ffmpeg's time begins here: an encoder begins a frame before what it is given."""
READ_BYTES = 1 << 16
MAX_WAITING_BYTES = 1 << 20
STALL_MS = 10_000
"""Nothing came out for so much that was put in."""
FINISH_S = 3.0


class Voice:
    """`feed` it sound in session time; `on_made` gets what is made of it, as ingest does."""

    def __init__(
        self,
        codec: str,
        begin_ms: int,
        encoder: Encoder,
        put: RungPut,
        on_made: Callable[[Tag], None],
    ) -> None:
        self.codec = codec
        self.begin_ms = begin_ms
        self._encoder = encoder
        self._put = put
        self._on_made = on_made
        self._fed_ms = self._made_ms = begin_ms
        self._is_finishing = False
        self._reading = asyncio.create_task(self._read(), name="voice")

    @classmethod
    async def begin(
        cls,
        codec: str,
        header: Tag | None,
        begin_ms: int,
        *,
        start_encoder: Callable[[], Awaitable[Encoder]],
        open_put: Callable[[], Awaitable[RungPut]],
        on_made: Callable[[Tag], None],
    ) -> "Voice":
        """`header`: what the codec needs before its first frame. Raises `TakeFailed`."""
        put = await open_put()
        try:
            encoder = await start_encoder()
        except BaseException:
            put.abort()
            raise
        encoder.feed(SOUND_ONLY)
        if header is not None:
            encoder.feed(write_tag(header._replace(dts_ms=0)))
        return cls(codec, begin_ms, encoder, put, on_made)

    @property
    def is_superseded(self) -> bool:
        """Whether another process has the sound."""
        return self._put.status == HTTPStatus.CONFLICT

    def feed(self, tag: Tag) -> None:
        """Raises `TakeFailed` if it has ended, or is too slow."""
        if self._reading.done():
            self._reading.result()
        self._fed_ms = max(self._fed_ms, tag.dts_ms)
        if self._fed_ms - self._made_ms > STALL_MS:
            raise TakeFailed("stalled", f"No sound was made of {STALL_MS // 1000} s.")
        if self._encoder.waiting_bytes > MAX_WAITING_BYTES:
            raise TakeFailed("too_slow", "ffmpeg does not take the sound.")
        self._encoder.feed(write_tag(tag._replace(dts_ms=tag.dts_ms - self._base_ms)))

    async def finish(self) -> None:
        """Nothing more comes: what ffmpeg still has comes out, and it ends."""
        self._is_finishing = True
        self._encoder.finish()
        await asyncio.wait({self._reading}, timeout=FINISH_S)
        await self.kill()

    async def kill(self) -> None:
        self._is_finishing = True
        await self._encoder.kill()
        await end(self._reading)

    @property
    def _base_ms(self) -> int:
        return self.begin_ms - LEAD_MS

    async def _read(self) -> None:
        """Until ffmpeg has written its last. Raises `TakeFailed`."""
        flv = FLVReader()
        (reader,) = self._encoder.outputs
        try:
            await self._put.send(SOUND_ONLY)
            while data := await reader.read(READ_BYTES):
                made = [self._timed(tag) for tag in flv.feed(data) if tag.type is TagType.AUDIO]
                await self._hand_on([tag for tag in made if tag.dts_ms >= self.begin_ms])
            await self._put.end()
        finally:
            self._put.abort()
        if not self._is_finishing:
            code = await self._encoder.wait()
            said = self._encoder.log[-1] if self._encoder.log else ""
            raise TakeFailed("ffmpeg_failed", f"ffmpeg ended with code {code}. {said}".strip())

    def _timed(self, tag: Tag) -> Tag:
        if is_sequence_header(tag):
            return tag._replace(dts_ms=self.begin_ms)
        return tag._replace(dts_ms=tag.dts_ms + self._base_ms)

    async def _hand_on(self, made: list[Tag]) -> None:
        for tag in made:
            self._on_made(tag)
            if not is_sequence_header(tag):
                self._made_ms = max(self._made_ms, tag.dts_ms)
        status = self._put.status
        if status is None:
            await self._put.send(b"".join(map(write_tag, made)))
        else:
            check_status(status)
