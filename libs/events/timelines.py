"""What there is of a stream between two times, session by session, and why the rest is missing."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask
from libs.events.rows import Row

MAX_SESSIONS = 200
GapKind = Literal[
    "away",  # nothing was published; the session waited for its publisher
    "lost",  # it was on air, and is not in the segment log
]


class TimelineGap(Row):
    """A time within a session of which there is nothing."""

    from_at: datetime
    until_at: datetime
    kind: GapKind
    cause: str | None
    """How the publish ended, or what took the segments; None: nobody knows, or they are yet to
    come.
    """


class TimelineSession(Row):
    session: str
    from_at: datetime
    until_at: datetime
    """Of its first and its last picture; while it is on air, of the newest that is stored."""
    is_open: bool
    cause: str | None
    """Why it ended."""
    size_bytes: int
    gaps: tuple[TimelineGap, ...]
    """In order; they may lie outside the time that was asked for."""


class Timeline(Answer):
    sessions: tuple[TimelineSession, ...]
    """In order."""
    next_after: str | None = None


class ShowTimeline(Ask[Timeline]):
    """The sessions that were on air within [from_at, until_at). Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.timeline.show"
    answer: ClassVar[type[Answer]] = Timeline

    tenant: str
    stream: str
    from_at: datetime
    until_at: datetime
    after: str | None = None
    """The session with which an earlier page ended."""
    limit: int = Field(default=MAX_SESSIONS, ge=1, le=MAX_SESSIONS)
