"""RTMP play: a session's tags from its last keyframe on, without our cues, to one audience."""

import asyncio
from contextlib import aclosing

from libs.media.flv import FLVReader, Tag
from libs.rtmp import Audience
from services.ingest.cues import is_cue
from services.ingest.session import Session

READER = "play"


class PlayRoom:
    """The audience of a session; the session is read once for all, while somebody is there."""

    def __init__(self, session: Session) -> None:
        self.audience = Audience(on_change=self._on_change)
        self._session = session
        self._feeding: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Send everybody away."""
        self.audience.end()
        if self._feeding is not None:
            self._feeding.cancel()
            self._feeding = None

    def _on_change(self) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
            self._feeding = None
        if self.audience:
            self._feeding = asyncio.create_task(self._feed(), name=f"play {self._session.id}")

    async def _feed(self) -> None:
        next_tag: int | None = None
        while True:
            reader = FLVReader()
            log, next_tag = self._session.shown(next_tag)
            self.audience.take(_without_cues(reader.feed(log.prologue(next_tag))))
            async with aclosing(log.read(next_tag, reader=READER)) as pieces:
                async for piece in pieces:
                    tags = reader.feed(piece)
                    next_tag += len(tags)
                    self.audience.take(_without_cues(tags))
            if next_tag < log.replay.oldest_tag:
                next_tag = None  # too slow: from the newest keyframe on
            if log.is_ended:
                self.audience.end()
                return


def _without_cues(tags: list[Tag]) -> list[Tag]:
    return [tag for tag in tags if not is_cue(tag)]
