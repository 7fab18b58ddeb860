"""The log of public events, as gateways read it."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message
from libs.events.rows import Row

PAGE_EVENTS = 200


class LoggedEvent(Row):
    """A public event, and its place in the log of its tenant."""

    sequence: int
    id: str
    type: str
    stream: str | None
    body: str
    """JSON, to be sent as it is."""


class LoggedEvents(Answer):
    events: tuple[LoggedEvent, ...]
    next_after: int
    """Where the next page begins: all up to this was looked through."""
    oldest: int
    """The oldest that is kept; one more than the newest, if none is."""
    newest: int
    """0: there was none yet."""


class ListPublicEvents(Ask[LoggedEvents]):
    """In order, those behind `after`."""

    name: ClassVar[str] = "catalog.public_event.list"
    answer: ClassVar[type[Answer]] = LoggedEvents

    tenant: str
    after: int | None = Field(default=None, ge=0, lt=2**63)
    """None: none at all, only where the log is."""
    types: tuple[str, ...] | None = None
    """None: all."""
    streams: tuple[str, ...] | None = None
    limit: int = Field(default=PAGE_EVENTS, ge=1, le=PAGE_EVENTS)


class NoteKick(Ask[Nothing]):
    """A gateway has sent a viewer away."""

    name: ClassVar[str] = "catalog.kick.note"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    viewer: str
    kicked_at: datetime


class PublicEventsLogged(Message):
    """The log has grown; said to all who listen, never stored."""

    name: ClassVar[str] = "catalog.public_events.logged"

    tenant: str
    newest: int

    def natural_key(self) -> str:
        return f"{self.tenant}:{self.newest}"

    def about(self) -> str:
        return self.tenant
