"""A numbered log of tags, and everybody who reads it: a session's, or one of its rungs'."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from typing import Any

from libs.media.flv import FLV_HEADER, Tag, write_tag
from services.ingest.cues import position_cue
from services.ingest.gathering import Gathering
from services.ingest.listener import Listener
from services.ingest.position import Positions
from services.ingest.replay import LOST_BOUND, Batch, ReplayWindow

PACKAGER = "package"
"""The reader whose checkpoints are kept; others have names of their own."""


class TagLog(ABC):
    """Tags are numbered by `_append`; readers hear of them by `_wake`."""

    def __init__(self, replay: ReplayWindow) -> None:
        self.replay = replay
        self.is_ended = False
        self.readers = 0
        self._positions = Positions()
        self._ends_at: int | None = None
        """The tag from which on its readers are to read another log, but for those inside."""
        self._waiters: list[asyncio.Future[None]] = []
        self.gathering = Gathering()
        self.is_gathered = False
        """Whether tags come in gatherings already: then they go on as they come."""
        self._listeners: set[Listener] = set()

    @property
    def next_tag(self) -> int:
        return self.replay.next_tag

    @property
    @abstractmethod
    def latest_ms(self) -> int:
        """Session time of the newest tag."""

    @abstractmethod
    def fence(self, reader: str = PACKAGER) -> int:
        """The highest epoch that `reader` has claimed the session under."""

    def _position_fields(self) -> dict[str, Any]:
        """What `weir.position` says besides."""
        return {}

    def _append(self, tag: Tag) -> None:
        if not self.is_ended:
            self.replay.append(write_tag(tag), tag.dts_ms)

    def prologue(self, tag: int, *, wanted: int | None = None) -> bytes:
        """What a reader gets before `tag`: FLV header, sequence headers, position.

        `wanted` is the tag that the reader asked for; a later `tag` means that those between are
        lost, and the position says why.
        """
        position = self._positions.at(tag)
        # An FLV timestamp has 32 bits: whoever reads these takes up the session's time by them.
        at_ms = self.latest_ms
        fields: dict[str, Any] = {
            "next_tag": tag,
            "generation": position.generation,
            "discontinuities": position.discontinuities,
            "session_ms": at_ms,
            **self._position_fields(),
        }
        if wanted is not None and tag > wanted:
            fields["gap_cause"] = LOST_BOUND
        headers = [header._replace(dts_ms=at_ms) for header in position.headers]
        wires = [write_tag(each) for each in (*headers, position_cue(at_ms, fields))]
        return b"".join((FLV_HEADER, *wires))

    async def read(
        self,
        first: int,
        *,
        epoch: int | None = None,
        reader: str = PACKAGER,
        is_inside: bool = False,
        write: Callable[[bytes], bool] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """The wire from tag `first` on, as it comes, each piece shared by all readers.

        It ends with the session, when a newer epoch claims it, or when the reader has fallen out
        of the replay window: asking again tells what was lost. What comes while the reader has
        all that there is goes to `write`, if there is one, until that answers False. `is_inside`:
        it stays although the world reads another log.
        """

        def is_over(at: int) -> bool:
            if epoch is not None and epoch < self.fence(reader):
                return True
            return self._ends_at is not None and at >= self._ends_at and not is_inside

        cursor = first
        self.readers += 1
        self.gathering.enter(reader)
        try:
            while not is_over(cursor):
                if cursor < self.replay.oldest_tag:
                    return
                if cursor < self.next_tag:
                    batch = await self._batch(cursor)
                    if batch is None:
                        return
                    cursor = batch.next_tag
                    yield batch.wire
                elif self.is_ended:
                    return
                elif write is None:
                    await self._news()
                else:
                    listener = Listener(self, cursor, write, reader=reader, is_over=is_over)
                    cursor = await self._listen(listener)
        finally:
            self.readers -= 1
            self.gathering.leave(reader)

    async def _batch(self, tag: int) -> Batch | None:
        found = self.replay.batch(tag)
        return found if isinstance(found, Batch) else await self.replay.load(found, tag)

    async def _news(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    async def _listen(self, listener: Listener) -> int:
        """Until it is blocked; returns the first tag that needs another way."""
        self._listeners.add(listener)
        try:
            await listener.blocked
        finally:
            self._listeners.discard(listener)
            listener.close()
        return listener.cursor

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.tell()
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
