"""Asks about views over the segment log: what a session or a window of wall-clock time holds."""

from datetime import datetime
from itertools import starmap
from typing import ClassVar, NamedTuple, Self, cast

import orjson
from pydantic import Field

from libs.events.asks import PAGE_ROWS, Answer, Ask, Gap, Session
from libs.events.rows import Row, Segment, Track

MAX_SESSIONS = 500
"""In one question about their tracks."""


class GetSession(Ask[Session]):
    """One session. Errors: `session_unknown`."""

    name: ClassVar[str] = "catalog.session.get"
    answer: ClassVar[type[Answer]] = Session

    tenant: str
    id: str


class WindowPage(Answer):
    segments: tuple[Segment, ...]
    next_after: str | None = None


class ListWindow(Ask[WindowPage]):
    """Rows of one rendition that start within [from_at, until_at), across sessions, in order."""

    name: ClassVar[str] = "catalog.window.list"
    answer: ClassVar[type[Answer]] = WindowPage

    tenant: str
    stream: str
    rendition: str
    from_at: datetime
    until_at: datetime
    after: str | None = None
    """The `next_after` of an earlier page."""
    limit: int = Field(default=PAGE_ROWS, ge=1, le=PAGE_ROWS)


class SegmentOutline(NamedTuple):
    """What a playlist says of a row; on the wire an array, since a window has hundreds."""

    session: str
    rendition: str
    msn: int
    start_ms: int
    """Session time of the segment's start."""
    duration_s: float
    is_independent: bool
    discontinuity_sequence: int
    starts_at: str
    """Wall clock as ISO 8601, in UTC: that is told on, and counted with only now and then."""
    video: str | None
    """The codec configuration of its pictures; None if it has none. Likewise the next."""
    audio: str | None


class WindowOutline(Answer):
    rows: tuple[SegmentOutline, ...]
    next_from_at: datetime | None = None
    """Where the rest of the window begins, if it did not fit into one answer."""

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Without looking at each value: a window has hundreds, and the catalog wrote them."""
        found = orjson.loads(body)
        rest = found.get("next_from_at")
        made = cls.model_construct(
            rows=tuple(starmap(SegmentOutline, found["rows"])),
            next_from_at=rest and datetime.fromisoformat(rest),
        )
        return cast("Self", made)


class OutlineWindow(Ask[WindowOutline]):
    """The rows of `ListWindow`, each only as far as a playlist tells of it."""

    name: ClassVar[str] = "catalog.window.outline"
    answer: ClassVar[type[Answer]] = WindowOutline

    tenant: str
    stream: str
    rendition: str
    from_at: datetime
    until_at: datetime


class LoggedRendition(Answer):
    """What a view has of one rendition."""

    rendition: str
    tracks: tuple[Track, ...]
    """The newest codec configuration of each kind."""
    segments: int
    average_bps: int
    peak_bps: int
    """Of its fullest segment."""
    language: str | None = None
    """Of its sound, BCP 47; likewise `label`, by which it is chosen."""
    label: str | None = None


class LoggedRenditions(Answer):
    renditions: tuple[LoggedRendition, ...]
    """By name; only those that have a segment in the view."""


class Missing(Answer):
    """Segments that the log lacks, for whatever reason nobody recorded."""

    first_msn: int
    last_msn: int


class RenditionLog(Answer):
    """How complete a rendition is."""

    rendition: str
    first_msn: int
    last_msn: int
    segments: int
    duration_s: float
    size_bytes: int
    cold_segments: int = 0
    """Of these, how many lie in the cold store; `cold_bytes` likewise."""
    cold_bytes: int = 0
    gaps: tuple[Gap, ...]
    holes: tuple[Missing, ...]


class SessionLog(Answer):
    renditions: tuple[RenditionLog, ...]


class ShowSessionLog(Ask[SessionLog]):
    """Errors: `session_unknown`."""

    name: ClassVar[str] = "catalog.session.log"
    answer: ClassVar[type[Answer]] = SessionLog

    tenant: str
    session: str


class ListRenditions(Ask[LoggedRenditions]):
    """Which renditions a session has in the log, or the sessions of a stream within a window.

    Give `session`, or both `from_at` and `until_at`.
    """

    name: ClassVar[str] = "catalog.rendition.list"
    answer: ClassVar[type[Answer]] = LoggedRenditions

    tenant: str
    stream: str
    session: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


class LoggedTracks(Answer):
    tracks: tuple[Track, ...]
    """Each codec configuration once."""


class ListTracks(Ask[LoggedTracks]):
    """Every codec configuration that these sessions' renditions had."""

    name: ClassVar[str] = "catalog.track.list"
    answer: ClassVar[type[Answer]] = LoggedTracks

    tenant: str
    sessions: tuple[str, ...] = Field(max_length=MAX_SESSIONS)


class LoggedRun(Row):
    """Segments of the source that follow each other without a hole."""

    session: str
    first_msn: int
    last_msn: int
    starts_at: datetime
    ends_at: datetime
    start_ms: int
    """Session time, likewise `end_ms`."""
    end_ms: float


class LoggedRuns(Answer):
    runs: tuple[LoggedRun, ...]
    next_after: str | None = None


class ListRuns(Ask[LoggedRuns]):
    """What a window shows of a stream, in order. The first run begins with the keyframe that the
    window's first picture needs. Errors: `cursor_invalid`.
    """

    name: ClassVar[str] = "catalog.run.list"
    answer: ClassVar[type[Answer]] = LoggedRuns

    tenant: str
    stream: str
    from_at: datetime
    until_at: datetime
    after: str | None = None
    """The `next_after` of an earlier page."""
    limit: int = Field(default=PAGE_ROWS, ge=1, le=PAGE_ROWS)
