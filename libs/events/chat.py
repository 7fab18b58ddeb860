"""What is said beside a stream: facts of the chat's log, and asks about it (see `asks`).

The log on the bus is the chat: all who show it read the same facts in the same order, and a
message's number in the log is its id. The catalog keeps what is to be shown later.
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message
from libs.events.rows import Row

MAX_TEXT_CHARS = 500
MAX_NAME_CHARS = 32
MAX_SLOW_S = 600
MAX_REMOVED = 100
"""Messages that are removed at a time."""
LATEST = 50
"""Messages that whoever comes is shown."""

MAX_ALERT_KEY_CHARS = 128

AuthorKind = Literal["guest", "viewer", "moderator", "alert"]
"""`viewer`: a viewer token names it; `moderator`: a user who may remove what others say; `alert`:
whoever an alert is about."""
AlertKind = Literal["tip", "subscription", "custom"]


class ChatAuthor(Row):
    """Who says something."""

    id: str
    """The same as long as it is the same person, as far as that is known; says nothing else."""
    name: str
    kind: AuthorKind


class ChatAlert(Row):
    """What a message is about that is more than words."""

    kind: AlertKind
    amount: str | None = None
    """Decimal, of a tip; with its currency (ISO 4217)."""
    currency: str | None = None


# --- facts: the log ---------------------------------------------------------------------


class ChatSaid(Message):
    """Somebody has said something, or an alert was raised."""

    name: ClassVar[str] = "chat.said"

    tenant: str
    stream: str
    key: str
    """Its author's own: the same message, sent again, is said once."""
    author: ChatAuthor
    network: str
    """A keyed hash of where the author is, for bans; viewers are never told."""
    text: str
    alert: ChatAlert | None = None

    def natural_key(self) -> str:
        return f"{self.stream}:{self.author.id}:{self.key}"

    def about(self) -> str:
        return self.stream


class ChatRemoved(Message):
    """A moderator has taken messages away."""

    name: ClassVar[str] = "chat.removed"

    tenant: str
    stream: str
    messages: tuple[int, ...]

    def natural_key(self) -> str:
        return f"{self.stream}:{','.join(map(str, self.messages))}"

    def about(self) -> str:
        return self.stream


class ChatBan(Answer):
    """Whoever may not speak; what it said before is removed."""

    id: str
    author: ChatAuthor
    network: str = Field(repr=False)
    """Empty: it is banned wherever it is, and nobody else."""
    reason: str
    created_at: datetime
    until: datetime | None
    """None: until it is lifted."""

    def covers(self, author: str, network: str, at: datetime) -> bool:
        """Whether this author, there, may not speak then."""
        is_meant = author == self.author.id or (bool(self.network) and network == self.network)
        return is_meant and self.created_at <= at and (self.until is None or at < self.until)


class ChatBanned(Message):
    """An author may not speak any more, and what it said is removed."""

    name: ClassVar[str] = "chat.banned"

    tenant: str
    stream: str
    ban: ChatBan

    def natural_key(self) -> str:
        return f"{self.stream}:{self.ban.id}"

    def about(self) -> str:
        return self.stream


class ChatUnbanned(Message):
    """A ban was lifted."""

    name: ClassVar[str] = "chat.unbanned"

    tenant: str
    stream: str
    ban: str
    """Its id."""

    def natural_key(self) -> str:
        return f"{self.stream}:{self.ban}"

    def about(self) -> str:
        return self.stream


class ChatChanged(Message):
    """The settings of a stream's chat are new."""

    name: ClassVar[str] = "chat.changed"

    tenant: str
    stream: str
    revision: int
    is_open: bool
    slow_s: int

    def natural_key(self) -> str:
        return f"{self.stream}:{self.revision}"

    def about(self) -> str:
        return self.stream


# --- asks -------------------------------------------------------------------------------


class ChatSettings(Answer):
    """A chat whose settings were never set is closed."""

    revision: int = 0
    is_open: bool = False
    """Whether anybody but moderators may speak."""
    slow_s: int = 0
    """Seconds between two messages of one author; 0: as fast as the limits allow."""


class ChatMessage(Answer):
    id: int
    """Its number in the log: a later message has a higher one."""
    at: datetime
    author: ChatAuthor
    text: str
    alert: ChatAlert | None = None


class ChatState(Answer):
    """What a gateway has to know before it shows a chat."""

    tenant: str
    """Whose the stream is: facts of its chat carry it."""
    settings: ChatSettings
    bans: tuple[ChatBan, ...]
    latest: tuple[ChatMessage, ...]
    """The newest, oldest first."""


class GetChat(Ask[ChatState]):
    """Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.chat.get"
    answer: ClassVar[type[Answer]] = ChatState

    tenant: str
    stream: str


class UpdateChat(Ask[ChatSettings]):
    """Errors: `stream_unknown`. None: as it was."""

    name: ClassVar[str] = "catalog.chat.update"
    answer: ClassVar[type[Answer]] = ChatSettings

    tenant: str
    stream: str
    is_open: bool | None = None
    slow_s: int | None = Field(default=None, ge=0, le=MAX_SLOW_S)


class RemoveMessages(Ask[Nothing]):
    """Those that are gone already are none the less removed.

    Errors: `stream_unknown`.
    """

    name: ClassVar[str] = "catalog.chat.remove"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    messages: tuple[int, ...] = Field(min_length=1, max_length=MAX_REMOVED)


class BanAuthor(Ask[ChatBan]):
    """Errors: `message_unknown`, `bans_too_many`."""

    name: ClassVar[str] = "catalog.chat.ban"
    answer: ClassVar[type[Answer]] = ChatBan

    tenant: str
    stream: str
    message: int
    """One that it said."""
    until: datetime | None
    reason: str


class LiftBan(Ask[Nothing]):
    """Errors: `ban_unknown`."""

    name: ClassVar[str] = "catalog.chat.lift_ban"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    ban: str


class AlertRaised(Answer):
    key: str
    is_new: bool
    """It was not raised before under this key."""
    raised_at: datetime


class RaiseAlert(Ask[AlertRaised]):
    """Once for each key, however often and however late it is asked again.

    Errors: `stream_unknown`, `alert_differs`.
    """

    name: ClassVar[str] = "catalog.alert.raise"
    answer: ClassVar[type[Answer]] = AlertRaised

    tenant: str
    stream: str
    key: str = Field(min_length=1, max_length=MAX_ALERT_KEY_CHARS)
    by: str
    """The name that is shown."""
    text: str
    alert: ChatAlert


class ChatMessages(Answer):
    messages: tuple[ChatMessage, ...]
    """Oldest first."""
    next_after: int | None


class ListChatMessages(Ask[ChatMessages]):
    """What was said in a time, less what was removed."""

    name: ClassVar[str] = "catalog.chat.list"
    answer: ClassVar[type[Answer]] = ChatMessages

    tenant: str
    stream: str
    from_at: datetime
    until_at: datetime
    session: str | None = None
    """Only what was said while it was on air."""
    after: int = 0
    """The id behind which the page begins."""
    limit: int = Field(default=200, ge=1, le=500)
