"""What a watch page says of what it plays (see `asks`), and what is said along with the picture."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from libs.events.asks import Answer, Ask
from libs.events.envelope import Message
from libs.events.viewers import ViewPolicy


class Recorded(BaseModel):
    """A session that is over and that something is recorded of."""

    model_config = ConfigDict(frozen=True)

    session: str
    started_at: datetime
    duration_s: float


class WatchPage(Answer):
    """Of a stream, of one session of it, or of an asset."""

    stream: str
    """Under which it is played."""
    title: str
    description: str
    view_policy: ViewPolicy
    revision: int
    """Of the stream's settings."""
    is_asset: bool = False
    has_chat: bool = False
    """Of a stream: its chat is open; of a session: something was said beside it."""
    pull: str | None = None
    """Its tenant's default pull domain: where all the world reaches the page."""
    recorded: Recorded | None
    """The session or the asset; of a stream the latest one that is over, if there is one."""


class GetWatchPage(Ask[WatchPage]):
    """Errors: `stream_unknown`, `session_unknown`."""

    name: ClassVar[str] = "catalog.watch_page.get"
    answer: ClassVar[type[Answer]] = WatchPage

    tenant: str
    id: str
    """Of a stream or an asset."""
    session: str | None = None
    """Of a stream: that one, in place of what is on air."""


class MetadataPut(Message):
    """Timed metadata of a stream that is on air; said to all gateways, never stored."""

    name: ClassVar[str] = "gateway.metadata.put"

    stream: str
    id: str
    at: datetime
    """The instant of the picture that it belongs to."""
    text: str

    def natural_key(self) -> str:
        return self.id

    def about(self) -> str:
        return self.stream
