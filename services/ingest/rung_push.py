"""One `PUT` of a rung: the process behind it, and what it has sent so far."""

import asyncio
import contextlib
from typing import NamedTuple

from libs.errors import Invalid
from libs.media.flv import FLVInvalid, FLVReader, PacketKind, Tag, TagType, parse_audio, parse_video
from libs.tags import RungEndCue, read_cue
from services.ingest.clock import unwrap
from services.ingest.cues import is_cue, is_readable
from services.ingest.errors import RungAhead

MAX_TAG_BYTES = 8 * 1024 * 1024
AHEAD_MS = 2000
"""No encoder is ahead of what it decodes: a time beyond it is a mistake of its writer."""


END_CAUSES = frozenset({"shed", "too_slow"})
"""What a process may say of its end: it is too slow for the rung, or was for all of them."""


class Rank(NamedTuple):
    """Of two processes that feed the same rung the higher one wins."""

    epoch: int
    take: int


class Take:
    """What all rungs of one process share: where its output begins, and where they switch."""

    def __init__(self, rank: Rank, begin_ms: int, *, is_marked: bool = False) -> None:
        self.rank = rank
        self.is_marked = is_marked
        """Whether its pictures have the stream's marks in them."""
        self.begin_ms = begin_ms
        """Session time of the keyframe at which its decoding began; earlier output is dropped."""
        self.switch_ms: int | None = None
        """Of the keyframe at which its rungs take over from those of the process before."""


class RungTag(NamedTuple):
    """A tag in session time, and what it is."""

    tag: Tag
    kind: PacketKind
    is_keyframe: bool


class RungPush:
    """`read` turns what arrives into tags; the rung decides which of them are numbered."""

    def __init__(self, take: Take) -> None:
        self.take = take
        self.superseded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nothing of it will be numbered any more: another process has the rung."""
        self.newest_ms = 0
        """Of the video that it has sent; of the sound, if it has no video."""
        self.end_cause: str | None = None
        """Why it ends, if it has said so."""
        self._first_ms: int | None = None
        self.headers: dict[str, Tag] = {}
        """Its metadata and sequence headers, newest of each track."""
        self._reader = FLVReader(max_tag_bytes=MAX_TAG_BYTES)

    @property
    def has_video(self) -> bool:
        return self._reader.has_video

    @property
    def delivered_ms(self) -> int:
        """How much session time it has sent."""
        return 0 if self._first_ms is None else self.newest_ms - self._first_ms

    def supersede(self) -> None:
        if not self.superseded.done():
            self.superseded.set_result(None)

    def read(self, data: bytes, now_ms: int) -> list[RungTag]:
        """The tags that `data` completes; `now_ms` is the session's newest time.

        Raises `FLVInvalid`, `RungAhead`. Tags that cannot be read are left out, cues too.
        """
        found: list[RungTag] = []
        for tag in self._reader.feed(data):
            # Writers know 31 bits of the time, some 32: the session's own says which it is.
            at_ms = unwrap(tag.dts_ms, now_ms)
            self._note_end(tag)
            read = _classify(tag._replace(dts_ms=at_ms))
            if read is None:
                continue
            if read.kind is not PacketKind.FRAMES:
                self._note(read)
            elif at_ms > now_ms + AHEAD_MS:
                raise RungAhead(
                    f"A frame at {at_ms} ms is ahead of its session, which is at {now_ms} ms."
                    " Send session time: keep the timestamps of the pull."
                )
            elif at_ms < self.take.begin_ms:
                continue
            elif tag.type is TagType.VIDEO or not self.has_video:
                self.newest_ms = max(self.newest_ms, at_ms)
                if self._first_ms is None:
                    self._first_ms = at_ms
            found.append(read)
        return found

    def _note_end(self, tag: Tag) -> None:
        """The only cue that a process may send."""
        if is_cue(tag):
            with contextlib.suppress(KeyError, Invalid):
                cue = read_cue(tag)
                if isinstance(cue, RungEndCue) and cue.cause in END_CAUSES:
                    self.end_cause = cue.cause

    def _note(self, read: RungTag) -> None:
        if read.kind is not PacketKind.SEQUENCE_END:
            self.headers[read.tag.type.name] = read.tag


def _classify(tag: Tag) -> RungTag | None:
    try:
        if tag.type is TagType.VIDEO:
            video = parse_video(tag.body)
            return RungTag(tag, video.kind, video.is_keyframe)
        if tag.type is TagType.AUDIO:
            return RungTag(tag, parse_audio(tag.body).kind, is_keyframe=False)
    except FLVInvalid:
        return None
    if is_cue(tag) or not is_readable(tag):
        return None
    return RungTag(tag, PacketKind.METADATA, is_keyframe=False)
