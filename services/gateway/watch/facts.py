"""What anybody who may watch is told of what is played: public facts, and nothing of operators'."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from libs.events import Recorded, WatchPage
from libs.names import session_started_at_s
from services.gateway.playback.directory import Directory

State = Literal["live", "starting", "waiting", "offline", "recorded"]


class Facts(BaseModel):
    """Of a stream, or of something recorded."""

    model_config = ConfigDict(frozen=True)

    id: str
    """As it stands in the page's address."""
    stream: str
    """Under which its media lie."""
    title: str
    description: str
    state: State
    """`starting`: on air, no segment yet; `waiting`: its publisher has gone for a moment;
    `recorded`: it is over, and `recording` is what is played."""
    session: str | None
    """That is on air."""
    since: datetime | None
    """When that began."""
    viewers: int
    """Players that watch now, on all gateways; of one session or a session's asset, 0."""
    has_chat: bool
    """Of a stream: its chat is open; of a session: something was said beside it."""
    recording: Recorded | None
    """What is played, or, of a stream, what was on air last."""


def facts_of(
    shown_id: str, page: WatchPage, directory: Directory, *, is_recorded: bool, viewers: int
) -> Facts:
    live = None if is_recorded else directory.live(page.stream)
    return Facts(
        id=shown_id,
        stream=page.stream,
        title=page.title,
        description=page.description,
        state="recorded" if is_recorded else _state_of(page.stream, directory),
        session=live.session if live else None,
        since=datetime.fromtimestamp(session_started_at_s(live.session), UTC) if live else None,
        viewers=viewers,
        has_chat=page.has_chat,
        recording=page.recorded,
    )


def _state_of(stream: str, directory: Directory) -> State:
    live = directory.live(stream)
    if live is None:
        return "offline"
    if not live.is_publishing:
        return "waiting"
    return "live" if directory.packager(live.session) else "starting"
