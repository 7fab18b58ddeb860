"""A session with a source, and processes that feed its rungs, for tests."""

from typing import Any

from libs.media import amf0
from libs.media.flv import FLV_HEADER, Tag, TagType, write_tag
from services.ingest.replay import Batch
from services.ingest.rung import Rung
from services.ingest.rung_push import Rank, RungPush
from services.ingest.session import Session
from services.ingest.tag_log import TagLog
from tests.unit.services.ingest.shelves import (
    audio_header,
    frame,
    keyframe,
    read_wire,
    sound,
    video_header,
    window,
)

FRAME_MS = 100
GOP_MS = 1000


def source(until_ms: int = 60_000) -> Session:
    """A session whose newest frame is `until_ms` after its start."""
    session = Session("65536f00-00000001", tenant="default", stream="cam", replay=window())
    session.begin_publish(1)
    session.accept(video_header())
    for at_ms in range(0, until_ms + 1, FRAME_MS):
        session.accept(keyframe(at_ms) if at_ms % GOP_MS == 0 else frame(at_ms))
    return session


class Encoder:
    """A process that feeds one rung: frames at the source's times, with its own mark in them."""

    def __init__(self, rung: Rung, push: RungPush, session: Session, note: bytes) -> None:
        self.rung, self.push = rung, push
        self._session = session
        self._note = note
        self._is_headed = False

    def send(self, *tags: Tag) -> None:
        wire = b"".join(write_tag(tag) for tag in tags)
        if not self._is_headed:
            self._is_headed = True
            wire = FLV_HEADER + write_tag(video_header(self._note)) + wire
        self.rung.take(self.push, self.push.read(wire, self._session.latest_ms))

    def frames(self, first_ms: int, last_ms: int) -> None:
        """Pictures of session time from `first_ms` to before `last_ms`."""
        for at_ms in range(first_ms, last_ms, FRAME_MS):
            made = keyframe(at_ms) if at_ms % GOP_MS == 0 else frame(at_ms)
            self.send(made._replace(body=made.body + self._note))

    def close(self) -> None:
        self.rung.close(self.push)


async def encoder(
    session: Session,
    note: bytes,
    *,
    epoch: int = 1,
    take: int = 0,
    name: str = "360p",
    from_tag: int | None = None,
    is_marked: bool = False,
) -> Encoder:
    rank = Rank(epoch, take)
    rung, push = await session.ladder.open(name, rank, from_tag, is_marked=is_marked)
    return Encoder(rung, push, session, note)


def log_of(log: TagLog, first: int = 0) -> list[Tag]:
    """Every numbered tag that is held in memory."""
    pieces: list[bytes] = []
    while first < log.next_tag:
        batch = log.replay.batch(first)
        assert isinstance(batch, Batch)
        pieces.append(batch.wire)
        first = batch.next_tag
    return read_wire(*pieces)


def pictures(log: TagLog) -> list[tuple[int, bytes]]:
    """Session time and the note of the process, of each picture."""
    return [
        (tag.dts_ms, tag.body[-1:])
        for tag in log_of(log)
        if tag.type is TagType.VIDEO and tag.body[1] == 1
    ]


def cues(log: TagLog) -> list[tuple[str, dict[str, Any]]]:
    scripts = [tag for tag in log_of(log) if tag.type is TagType.SCRIPT]
    return [(name, fields) for name, fields in (amf0.decode(tag.body) for tag in scripts)]


__all__ = ["audio_header", "frame", "keyframe", "sound"]
