"""Asks: core request and reply, `catalog.<noun>.<verb>`; only the catalog answers.

Answers that can grow come in pages of at most `PAGE_ROWS` rows.
"""

from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from libs.events.facts import EndCause
from libs.events.ladders import Ladder
from libs.events.marks import Mark
from libs.events.rows import Segment

PAGE_ROWS = 1000


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def read(cls, body: bytes) -> Self:
        """From the JSON that it is on the bus."""
        return cls.model_validate_json(body)


class Written(NamedTuple):
    """An answer as JSON already; for what is long, asked for often, and only goes by."""

    body: bytes


Answered = TypeVar("Answered", bound=Answer)


class Ask(BaseModel, Generic[Answered]):
    """A question. `name` is its subject, `answer` the type of its answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: ClassVar[str]
    answer: ClassVar[type[Answer]]


class Nothing(Answer):
    """The answer that only says: done."""


# --- publishing -------------------------------------------------------------------------


class PublishGrant(Answer):
    """A publish may begin under this generation of this session."""

    tenant: str
    stream: str
    session: str
    generation: int
    policy: Literal["takeover", "reject"]
    reconnect_window_s: float
    view_policy: Literal["public", "signed"] = "public"
    is_marked: bool = False
    """Whether its picture is shown with marks only."""


class OpenPublish(Ask[PublishGrant]):
    """May this stream be published here?

    Errors: `stream_unknown`, `stream_disabled`, `stream_busy`.
    """

    name: ClassVar[str] = "catalog.publish.open"
    answer: ClassVar[type[Answer]] = PublishGrant

    stream: str
    ingest: str
    """The instance that asks."""
    origin_url: str
    held_session: str | None = None
    """A session of this stream that the asking ingest still holds open (reconnect window)."""
    is_earlier: bool = False
    """Whether what is published was made before what the held session has: it cannot join it."""
    remote_address: str = ""


# --- streams ----------------------------------------------------------------------------


class Stream(Answer):
    """The named thing with a key and settings. `item` keeps what the client sent, as sent."""

    tenant: str
    id: str
    created_at: datetime
    expires_at: datetime
    """Until when the push key is valid."""
    key: str
    """Push key, `<exp>-<md5>`; see `libs.signing.push`."""
    item: dict[str, Any]
    """Every field that the client set, with its original JSON type."""
    publish_policy: Literal["takeover", "reject"] = "takeover"
    reconnect_window_s: float = 15.0
    segment_s: float = 2.0
    playlist_segments: int = 6
    is_enabled: bool = True
    """Whether it may be published."""
    view_policy: Literal["public", "signed"] = "public"
    is_cdn_allowed: bool = False
    """Whether a CDN that checks signatures may have it, too."""
    title: str = ""
    """Of what is on air, as viewers read it; one line."""
    description: str = ""
    ladder: Ladder | None = None
    """The rungs that it is transcoded to; None: none."""
    marks: tuple[Mark, ...] = ()
    """What is burned into its picture, the lowest first."""
    revision: int = 0
    """Of the settings; rises with each change."""
    live_session: str | None = None
    """The session that is on air (or within its reconnect window)."""
    is_live: bool = False
    """Whether a publisher is connected now."""
    live_since: datetime | None = None


class CreateStream(Ask[Stream]):
    """Errors: `stream_exists` when `id` is given and taken."""

    name: ClassVar[str] = "catalog.stream.create"
    answer: ClassVar[type[Answer]] = Stream

    tenant: str
    id: str | None = None
    """None: the catalog makes a UUID."""
    item: dict[str, Any] = Field(default_factory=dict)
    title: str = ""
    description: str = ""


class UpdateStream(Ask[Stream]):
    """Set every field of `item`; others stay. Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.stream.update"
    answer: ClassVar[type[Answer]] = Stream

    tenant: str
    id: str
    item: dict[str, Any] = Field(default_factory=dict)
    title: str | None = None
    """None: it stays; `description` likewise."""
    description: str | None = None


class GetStream(Ask[Stream]):
    """One stream. Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.stream.get"
    answer: ClassVar[type[Answer]] = Stream

    tenant: str
    id: str


class DeleteStream(Ask[Nothing]):
    """Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.stream.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    id: str


class StreamPage(Answer):
    streams: tuple[Stream, ...]
    next_after: str | None = None


class ListStreams(Ask[StreamPage]):
    """Streams of a tenant, oldest first."""

    name: ClassVar[str] = "catalog.stream.list"
    answer: ClassVar[type[Answer]] = StreamPage

    tenant: str
    after: str | None = None
    """The `next_after` of an earlier page; pages are ordered by (created_at, id)."""
    limit: int = Field(default=200, ge=1, le=PAGE_ROWS)


# --- sessions and segments --------------------------------------------------------------


class Session(Answer):
    """One or more publishes of a stream, each within the reconnect window of the last."""

    tenant: str
    stream: str
    id: str
    origin_url: str
    generation: int
    """Of its latest publish."""
    started_at: datetime
    ended_at: datetime | None = None
    cause: str | None = None
    is_publishing: bool = False
    is_deleting: bool = False
    """Whether what it has recorded is being deleted."""
    segments: int = 0
    size_bytes: int = 0
    duration_s: float = 0.0
    traceparent: str | None = None
    """Trace of the session's first publish."""
    segment_s: float = 2.0
    playlist_segments: int = 6
    view_policy: Literal["public", "signed"] | None = None
    """Of its stream; None if that has been deleted."""
    is_cdn_allowed: bool = False
    """Likewise."""
    revision: int = 0
    """Of the stream's settings."""


class SessionPage(Answer):
    sessions: tuple[Session, ...]
    next_after: str | None = None


class ListSessions(Ask[SessionPage]):
    """Sessions, newest first; `is_open` keeps only those that have not ended, `from_at` those that
    ended later than it, `until_at` those that began before.
    """

    name: ClassVar[str] = "catalog.session.list"
    answer: ClassVar[type[Answer]] = SessionPage

    tenant: str | None = None
    stream: str | None = None
    is_open: bool | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=PAGE_ROWS)


class EndedSession(Answer):
    session: str
    cause: EndCause


class EndedSessions(Answer):
    ended: tuple[EndedSession, ...]


class CheckSessions(Ask[EndedSessions]):
    """Which of these are over? What an ingest holds and the catalog has ended meanwhile."""

    name: ClassVar[str] = "catalog.session.check"
    answer: ClassVar[type[Answer]] = EndedSessions

    sessions: tuple[str, ...] = Field(max_length=PAGE_ROWS)


class SegmentPage(Answer):
    segments: tuple[Segment, ...]
    next_after: int | None = None
    gaps: tuple["Gap", ...] = ()


class Gap(Answer):
    first_msn: int
    last_msn: int
    cause: str


class ListSegments(Ask[SegmentPage]):
    """Rows of one rendition of a session in MSN order."""

    name: ClassVar[str] = "catalog.segment.list"
    answer: ClassVar[type[Answer]] = SegmentPage

    tenant: str
    session: str
    rendition: str
    after: int | None = None
    """MSN after which the page starts."""
    limit: int = Field(default=500, ge=1, le=PAGE_ROWS)


# --- dead letters -----------------------------------------------------------------------


class DeadLetter(Answer):
    """A message that no handler could digest."""

    id: str
    subject: str
    consumer: str
    code: str
    reason: str
    deliveries: int
    buried_at: datetime
    body: str
    """At most 4 KiB of the message, as text."""


class DeadLetterPage(Answer):
    dead_letters: tuple[DeadLetter, ...]
    next_after: str | None = None


class ListDeadLetters(Ask[DeadLetterPage]):
    """Dead letters, newest first."""

    name: ClassVar[str] = "catalog.dead_letter.list"
    answer: ClassVar[type[Answer]] = DeadLetterPage

    after: str | None = None
    limit: int = Field(default=200, ge=1, le=PAGE_ROWS)


SegmentPage.model_rebuild()
