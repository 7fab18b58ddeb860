"""One rung on its way: what ffmpeg writes, with the source's sound beside it, into its `PUT`."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from libs.media.flv import FLV_HEADER, PacketKind, Tag, parse_video, write_tag
from libs.rung_sizes import SizedRung
from libs.tags import rung_end_cue
from services.transcoder.pictures import FLVPictures, Pictures
from services.transcoder.rung_put import RungPut, check_status

READ_BYTES = 1 << 18
SOUND_WAIT_MS = 3000
"""Sound waits so long for the picture that belongs before it, then it goes first."""


class RungOutput:
    """Sound is put in as it comes; pictures come from ffmpeg, `base_ms` behind session time."""

    def __init__(
        self,
        sized: SizedRung,
        *,
        base_ms: int,
        begin_ms: int,
        newest_in_ms: Callable[[], int],
        open_put: Callable[[str], Awaitable[RungPut]],
        pictures: Pictures | None = None,
    ) -> None:
        self.sized = sized
        self.newest_ms = begin_ms
        """Session time of the newest picture."""
        self.frames = 0
        self.end_cause: str | None = None
        """Why nothing more of it is made, if ingest is to be told."""
        self._base_ms = base_ms
        self._begin_ms = begin_ms
        self._newest_in_ms = newest_in_ms
        """Of the newest picture that ffmpeg has been given."""
        self._open_put = open_put
        self._pictures = pictures or FLVPictures()
        self._put: RungPut | None = None
        self._sound: deque[Tag] = deque()

    @property
    def is_superseded(self) -> bool:
        """Whether another process has the rung."""
        return self._put is not None and self._put.status == HTTPStatus.CONFLICT

    def hear(self, tag: Tag) -> None:
        self._sound.append(tag)

    async def flush_sound(self) -> None:
        """Send the sound that has waited for long: no picture comes. Raises `TakeFailed`."""
        if not self.frames or self._put is None:
            return  # ingest begins a rung with a picture, however slow ffmpeg begins
        until_ms = self.newest_ms
        if self._sound:
            until_ms = max(until_ms, self._sound[-1].dts_ms - SOUND_WAIT_MS)
        wire = b"".join(self._sound_before(until_ms))
        if wire:
            await self._send(wire)

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Until ffmpeg has written its last. Raises `TakeFailed`."""
        try:
            while data := await reader.read(READ_BYTES):
                wire = self._mux(self._pictures.feed(data))
                if wire:
                    await self._send(wire)
            if self._put is not None:
                last = [*self._sound]
                if self.end_cause is not None:
                    last.append(rung_end_cue(self.newest_ms, self.end_cause))
                await self._send(b"".join(map(write_tag, last)))
                await self._put.end()
        finally:
            if self._put is not None:
                self._put.abort()

    async def _send(self, wire: bytes) -> None:
        if self._put is None:
            self._put = await self._open_put(self.sized.rung.name)
            wire = FLV_HEADER + wire
        if self._put.status is not None:
            # ffmpeg's pipe is read all the same: the other rungs come out of the same process.
            check_status(self._put.status)
            return
        await self._put.send(wire)

    def _mux(self, tags: list[Tag]) -> bytes:
        out: list[bytes] = []
        for tag in tags:
            at_ms = tag.dts_ms + self._base_ms
            if parse_video(tag.body).kind is PacketKind.FRAMES:
                if not self._begin_ms <= at_ms <= self._newest_in_ms():
                    # It leans on what is before the keyframe; or the source has ended, and a clock
                    # that is laid over it ticks on.
                    continue
                self.newest_ms = at_ms
                self.frames += 1
                out += self._sound_before(at_ms)
            out.append(write_tag(tag._replace(dts_ms=at_ms)))
        return b"".join(out)

    def _sound_before(self, at_ms: int) -> list[bytes]:
        out: list[bytes] = []
        sound = self._sound
        while sound and sound[0].dts_ms <= at_ms:
            out.append(write_tag(sound.popleft()))
        return out
