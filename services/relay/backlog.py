"""What a target has not taken yet: bounded in bytes and media time.

A target that is too slow or away misses whole groups of pictures: what waits is thrown away up to
its newest keyframe, or up to the next one to come. The codec configuration is never lost.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable

from libs.media.flv import FLVInvalid, Tag, TagType
from libs.tags import is_cue
from services.relay.frames import (
    extended_codec,
    is_configuration,
    is_frame,
    is_join,
    is_metadata,
)


class Backlog:
    """Tags go in as they come, and out in their order; cues are left out."""

    def __init__(self, *, max_bytes: int, max_ms: int) -> None:
        self.skipped_frames = 0
        self.has_video = False
        self.fourccs: set[str] = set()
        """Codecs that need Enhanced RTMP, of all that has come."""
        self.is_ended = False
        """Nothing more will come."""
        self._max_bytes = max_bytes
        self._max_ms = max_ms
        self._tags: deque[Tag] = deque()
        self._frames = 0
        self._size_bytes = 0
        self._config: dict[TagType, Tag] = {}
        self._metadata: Tag | None = None
        self._is_skipping = False
        self._filled = asyncio.Event()

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def lag_ms(self) -> int:
        """Media time that waits."""
        return self._tags[-1].dts_ms - self._tags[0].dts_ms if self._tags else 0

    @property
    def is_over(self) -> bool:
        """Nothing is there, and nothing will come."""
        return self.is_ended and not self._tags

    def configuration(self) -> list[Tag]:
        """Metadata and sequence headers in force before what waits."""
        metadata = [self._metadata] if self._metadata else []
        return [*metadata, *self._config.values()]

    def configure(self, headers: Iterable[Tag]) -> None:
        """The sequence headers with which a pull begins, where they are news."""
        self.put(header for header in headers if self._newest(header) != header.body)

    def put(self, tags: Iterable[Tag]) -> None:
        for tag in tags:
            if tag.body and not is_cue(tag):
                self._put(tag)
        if self._is_over:
            self.jump()
        if self._is_over:
            # Even one group of pictures is too much, or none has begun.
            self._drop(len(self._tags))
            self._is_skipping = self.has_video
        if self._frames:
            self._filled.set()

    @property
    def _is_over(self) -> bool:
        return self._size_bytes > self._max_bytes or self.lag_ms > self._max_ms

    def end(self) -> None:
        self.is_ended = True
        self._filled.set()

    def jump(self) -> None:
        """Throw away what waits before its newest keyframe, if it has one."""
        for at in range(len(self._tags) - 1, 0, -1):
            if is_join(self._tags[at]):
                self._drop(at)
                return

    def break_off(self) -> None:
        """Tags are missing behind what waits: go on at the next keyframe."""
        self._is_skipping = self.has_video

    async def take(self, *, max_bytes: int, timeout_s: float) -> list[Tag]:
        """The oldest tags, at least one; [] if none came within `timeout_s` or at the end."""
        if not self._tags and not self.is_ended:
            self._filled.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._filled.wait()
        taken: list[Tag] = []
        size = 0
        while self._tags and size < max_bytes:
            tag = self._pop()
            self._apply(tag)
            taken.append(tag)
            size += len(tag.body)
        return taken

    async def filled(self, *, timeout_s: float) -> bool:
        """Wait until a frame is there, or nothing will come; False: neither, so far."""
        if not self._frames and not self.is_ended:
            self._filled.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._filled.wait()
        return bool(self._frames) or self.is_ended

    def clear(self) -> None:
        """Forget it all: another pull begins."""
        self._tags.clear()
        self._config.clear()
        self.fourccs.clear()
        self._metadata = None
        self._frames = self._size_bytes = 0
        self.has_video = self.is_ended = self._is_skipping = False

    def _put(self, tag: Tag) -> None:
        try:
            self.has_video = self.has_video or tag.type is TagType.VIDEO
            if is_frame(tag):
                if self._is_skipping and not is_join(tag):
                    self.skipped_frames += 1
                    return
                self._is_skipping = False
                self._frames += 1
            elif tag.type is not TagType.SCRIPT:
                codec = extended_codec(tag)
                self.fourccs |= {codec} if codec else set()
        except FLVInvalid:
            return  # cut short within its header: nobody could read it
        self._tags.append(tag)
        self._size_bytes += len(tag.body)

    def _pop(self) -> Tag:
        tag = self._tags.popleft()
        self._frames -= is_frame(tag)
        self._size_bytes -= len(tag.body)
        return tag

    def _apply(self, tag: Tag) -> None:
        """The tag leaves the backlog, so what it configures is in force behind it."""
        if is_metadata(tag):
            self._metadata = tag
        elif tag.type is not TagType.SCRIPT and is_configuration(tag):
            self._config[tag.type] = tag

    def _drop(self, count: int) -> None:
        for _ in range(count):
            tag = self._pop()
            self._apply(tag)
            self.skipped_frames += is_frame(tag)

    def _newest(self, header: Tag) -> bytes | None:
        """The configuration of the header's track that was put last."""
        for tag in reversed(self._tags):
            if tag.type is header.type and is_configuration(tag):
                return tag.body
        known = self._config.get(header.type)
        return known.body if known else None
