"""Facts: past tense, published after the thing is true and stored.

A handler may see a fact twice and in any order; `natural_key` says which two are one.
"""

from datetime import datetime
from typing import ClassVar, Literal

from libs.events.envelope import Message
from libs.events.rows import Segment, Track

EndCause = Literal[
    "publisher_ended",  # deleteStream, FCUnpublish or a clean close
    "connection_lost",  # reset, or the peer vanished
    "idle",  # no bytes for the stated limit
    "taken_over",  # a newer publish of the same stream
    "kicked",  # an operator or a changed stream
    "ingest_lost",  # the ingest process is gone; found when the catalog compared
    "shutdown",  # the ingest process was told to stop
    "protocol_error",  # the publisher broke RTMP or a limit
    "made",  # of an asset's own session: it never was on air, and all of its rows are there
]


class StreamPublished(Message):
    """A publisher was accepted and its first media has been numbered."""

    name: ClassVar[str] = "stream.published"

    tenant: str
    stream: str
    session: str
    generation: int
    origin_url: str
    """Base URL of the ingest that holds the session; `GET {origin_url}/flv/{session}`."""
    started_at: datetime

    def natural_key(self) -> str:
        return f"{self.stream}:{self.generation}"

    def about(self) -> str:
        return self.stream


class StreamUnpublished(Message):
    """One publish ended. The session goes on until its reconnect window has passed."""

    name: ClassVar[str] = "stream.unpublished"

    tenant: str
    stream: str
    session: str
    generation: int
    cause: EndCause
    ended_at: datetime

    def natural_key(self) -> str:
        return f"{self.stream}:{self.generation}"

    def about(self) -> str:
        return self.stream


class SoundChanged(Message):
    """The sound of a session has to be made AAC from now on, or not any more."""

    name: ClassVar[str] = "sound.changed"

    tenant: str
    stream: str
    session: str
    tag: int
    """The first of the new sound: what is said of a later one is newer."""
    foreign_codec: str | None
    """What the publisher sends in the place of AAC: a FourCC, or `flv<id>`; None: AAC."""

    def natural_key(self) -> str:
        return f"{self.session}:{self.tag}"

    def about(self) -> str:
        return self.stream


class SessionEnded(Message):
    """No publisher came back within the reconnect window; the session takes no more tags."""

    name: ClassVar[str] = "session.ended"

    tenant: str
    stream: str
    session: str
    cause: EndCause
    last_tag: int
    """-1 if the session never carried a tag."""
    ended_at: datetime

    def natural_key(self) -> str:
        return self.session

    def about(self) -> str:
        return self.stream


class RenditionStarted(Message):
    """A rendition of a session has its codec configuration and will raise segments."""

    name: ClassVar[str] = "rendition.started"

    tenant: str
    stream: str
    session: str
    rendition: str
    epoch: int
    tracks: tuple[Track, ...]

    def natural_key(self) -> str:
        configs = ",".join(track.config_id for track in self.tracks)
        return f"{self.session}:{self.rendition}:{configs}"

    def about(self) -> str:
        return self.stream


class RenditionEnded(Message):
    """The last segment of a rendition is cut and stored."""

    name: ClassVar[str] = "rendition.ended"

    tenant: str
    stream: str
    session: str
    rendition: str
    epoch: int
    last_msn: int | None
    """None if it never had a segment."""

    def natural_key(self) -> str:
        return f"{self.session}:{self.rendition}"

    def about(self) -> str:
        return self.stream


class SegmentReady(Message):
    """A segment is in the store: the row of the segment log."""

    name: ClassVar[str] = "segment.ready"

    segment: Segment

    def natural_key(self) -> str:
        row = self.segment
        return f"{row.session}:{row.rendition}:{row.msn}"

    def about(self) -> str:
        return self.segment.stream


class SegmentLost(Message):
    """An interval of a rendition will never be stored, and why: a gap with its cause."""

    name: ClassVar[str] = "segment.lost"

    tenant: str
    stream: str
    session: str
    rendition: str
    first_msn: int
    last_msn: int
    cause: str

    def natural_key(self) -> str:
        return f"{self.session}:{self.rendition}:{self.first_msn}:{self.last_msn}"

    def about(self) -> str:
        return self.stream
