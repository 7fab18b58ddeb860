"""Public events of what is on air."""

from datetime import datetime
from typing import ClassVar, Literal

from libs.public_events.base import PublicEvent


class StreamEvent(PublicEvent):
    stream: str


class StreamChanged(StreamEvent):
    """A stream was made, its settings were set, or it was deleted."""

    type: ClassVar[str] = "stream.changed"

    revision: int
    """Rises with each change."""
    is_deleted: bool

    def key(self) -> str:
        return f"{self.stream}:{self.revision}"


class StreamPublished(StreamEvent):
    """A publisher is on air."""

    type: ClassVar[str] = "stream.published"

    session: str
    generation: int
    """Counts the publishes of the stream: of two words about it, the higher is the newer."""
    started_at: datetime

    def key(self) -> str:
        return f"{self.stream}:{self.generation}"


class StreamUnpublished(StreamEvent):
    """A publisher is gone. Its session goes on until nobody came back for a while."""

    type: ClassVar[str] = "stream.unpublished"

    session: str
    generation: int
    cause: str
    """`publisher_ended`, `connection_lost`, `idle`, `taken_over`, `kicked`, …"""
    ended_at: datetime

    def key(self) -> str:
        return f"{self.stream}:{self.generation}"


class SessionStarted(StreamEvent):
    """A stream is on air after it was not: what follows is one recording."""

    type: ClassVar[str] = "session.started"

    session: str
    started_at: datetime

    def key(self) -> str:
        return self.session


class SessionEnded(StreamEvent):
    """A session is over."""

    type: ClassVar[str] = "session.ended"

    session: str
    cause: str
    """As of `stream.unpublished`, or `ingest_lost`."""
    started_at: datetime
    ended_at: datetime

    def key(self) -> str:
        return self.session


class RelayChanged(StreamEvent):
    """A push to a relay target got into another state."""

    type: ClassVar[str] = "relay.changed"

    session: str
    target: str
    """Its id; its address is no public event's."""
    state: Literal["idle", "connecting", "live", "failed", "stopped"]
    cause: str | None
    """Why: `refused`, `unreachable`, `stalled`, `loop`, …"""
    detail: str | None
    """The same as a sentence."""
    since: datetime

    def key(self) -> str:
        return f"{self.session}:{self.target}:{self.since.isoformat()}:{self.state}"


class MotionDetected(StreamEvent):
    """In a stream that is watched for motion, something began to move."""

    type: ClassVar[str] = "motion.detected"

    session: str
    at: datetime
    percent: float
    """Of the picture that changed."""

    def key(self) -> str:
        return f"{self.session}:{self.at.isoformat()}"


class ViewerKicked(StreamEvent):
    """An operator sent a viewer away."""

    type: ClassVar[str] = "viewer.kicked"

    viewer: str
    """The id of its viewer session."""
    kicked_at: datetime

    def key(self) -> str:
        return f"{self.stream}:{self.viewer}:{self.kicked_at.isoformat()}"
