"""One session: its clock, its numbered tags and marks, and who reads them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from libs.errors import Fenced
from libs.events import Checkpoint, EndCause
from libs.media import amf0
from libs.media.flv import FLV_HEADER, Tag, TagType, is_keyframe, is_sequence_header, write_tag
from services.ingest.clock import SessionClock
from services.ingest.replay import Entry, ReplayWindow

AUDIO_MARK_MS = 1000
"""Without video a clock mark stands before the first audio tag of each second."""
WALL_ERROR_MS = 500
WALL_STEP_MS = 50
"""A wall clock that runs away from media time is followed by at most this much a keyframe."""


class Session:
    """The tag log of one session. `accept` is the hot path: no await, no logging."""

    def __init__(
        self,
        session_id: str,
        *,
        tenant: str,
        stream: str,
        replay: ReplayWindow,
        wall_ms: Callable[[], float] = lambda: time.time() * 1000,
    ) -> None:
        self.id = session_id
        self.tenant = tenant
        self.stream = stream
        self.generation = 0
        self.replay = replay
        self.fence = 0
        """The highest epoch that claimed the session."""
        self.discontinuities = 0
        self.is_ended = False
        self.has_video = False
        self._clock = SessionClock()
        self._wall_ms = wall_ms
        self._wall_offset: float | None = None
        self._last_wall_ms = wall_ms()
        self._headers: dict[TagType, bytes] = {}
        self._marked_ms = 0
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def next_tag(self) -> int:
        return self.replay.next_tag

    def begin_publish(self, generation: int) -> None:
        """The next tags belong to `generation`."""
        self.generation = generation
        self._clock.begin_publish(away_ms=int(self._wall_ms() - self._last_wall_ms))

    def accept(self, tag: Tag) -> bool:
        """Number one tag in publisher time; whether it was media (neither script nor header)."""
        kind = tag.type
        if kind is TagType.SCRIPT:
            self._append(Tag(kind, self._clock.now_ms, tag.body))
            return False
        if is_sequence_header(tag):
            self._accept_header(tag)
            return False
        session_ms, cause = self._clock.map(kind, tag.dts_ms)
        self._last_wall_ms = self._wall_ms()
        if cause is not None:
            self._discontinue(cause, session_ms)
        is_key = kind is TagType.VIDEO and is_keyframe(tag)
        self.has_video = self.has_video or kind is TagType.VIDEO
        if is_key or (not self.has_video and session_ms - self._marked_ms >= AUDIO_MARK_MS):
            self._mark_clock(session_ms)
        self._append(Tag(kind, session_ms, tag.body), is_key=is_key)
        return True

    def end(self, cause: EndCause) -> None:
        """The last tag; nothing is accepted afterwards."""
        if not self.is_ended:
            self._mark("weir.end", self._clock.now_ms, cause=cause)
            self.is_ended = True
            self._wake()

    # --- marks --------------------------------------------------------------------------

    def _accept_header(self, tag: Tag) -> None:
        known = self._headers.get(tag.type)
        if known == tag.body:
            return
        now_ms = self._clock.now_ms
        if known is not None:
            self._discontinue("codec_change", now_ms)
        self._headers[tag.type] = tag.body
        self._append(Tag(tag.type, now_ms, tag.body), header=tag.type.name)

    def _discontinue(self, cause: str, session_ms: int) -> None:
        self.discontinuities += 1
        self._wall_offset = None
        self._mark("weir.discontinuity", session_ms, cause=cause, generation=self.generation)

    def _mark_clock(self, session_ms: int) -> None:
        now = self._wall_ms()
        if self._wall_offset is None:
            self._wall_offset = now - session_ms
        error = now - (session_ms + self._wall_offset)
        if abs(error) > WALL_ERROR_MS:
            self._wall_offset += max(-WALL_STEP_MS, min(WALL_STEP_MS, error))
        self._marked_ms = session_ms
        start = self.replay.next_tag
        self._mark("weir.clock", session_ms, wall_ms=session_ms + self._wall_offset)
        self.replay.begin_gop(start)

    def _mark(self, name: str, session_ms: int, **facts: object) -> None:
        self._append(Tag(TagType.SCRIPT, session_ms, amf0.encode(name, facts)))

    def _append(self, tag: Tag, *, is_key: bool = False, header: str | None = None) -> None:
        if self.is_ended:
            return
        self.replay.append(Entry(tag.dts_ms, is_key, write_tag(tag)), header=header)
        if self._waiters:
            self._wake()

    # --- reading ------------------------------------------------------------------------

    def claim(self, epoch: int) -> None:
        """Let only `epoch` (or newer) pull and acknowledge from now on."""
        if epoch < self.fence:
            raise Fenced(f"Epoch {self.fence} has claimed session {self.id}; {epoch} is over.")
        self.fence = epoch
        self._wake()

    def acknowledge(self, epoch: int, checkpoint: Checkpoint) -> None:
        self.claim(epoch)
        self.replay.acknowledge(checkpoint)

    def prologue(self, tag: int) -> bytes:
        """What a reader gets before tag `tag`: FLV header, sequence headers, position."""
        facts = {
            "next_tag": tag,
            "generation": self.generation,
            "discontinuities": self.discontinuities,
        }
        body = amf0.encode("weir.position", facts)
        position = write_tag(Tag(TagType.SCRIPT, self._clock.now_ms, body))
        return b"".join((FLV_HEADER, *self.replay.headers_at(tag), position))

    async def read(self, first: int, *, epoch: int | None = None) -> AsyncIterator[list[Entry]]:
        """Every entry from `first` on, as they come; ends with the session or a newer epoch."""
        cursor = first
        while epoch is None or epoch >= self.fence:
            entries = self.replay.entries_from(cursor)
            if entries:
                cursor = max(cursor, self.replay.oldest_tag) + len(entries)
                yield entries
            elif self.is_ended:
                return
            else:
                await self._news()

    async def _news(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def utc_now() -> datetime:
    return datetime.now(UTC)
