"""Relay targets: where a stream is pushed to. Their addresses are secrets, so they stand in no
fact and no order: whoever pushes asks the catalog, and its answer is never stored.
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message
from libs.events.rows import Row
from libs.names import SOURCE

RelayState = Literal["idle", "connecting", "live", "failed", "stopped"]
"""`idle`: nothing is on air; `stopped`: it is not enabled; a failed one is tried again."""


class RelayNumbers(Row):
    """What one push has done since its session began or another worker took it over."""

    sent_bytes: int = 0
    sent_frames: int = 0
    skipped_frames: int = 0
    """Left out because the target took them too slowly, or while it was away."""
    reconnects: int = 0
    lag_ms: int = 0
    """Media time between the newest frame at hand and the last one sent."""


class RelayTarget(Answer):
    """A relay target without its secret."""

    id: str
    tenant: str
    stream: str
    name: str
    url: str
    """Without its last part, which is the stream key: `rtmp://host/app/…`."""
    rendition: str = SOURCE
    is_enabled: bool = True
    state: RelayState = "idle"
    cause: str | None = None
    """Why it is in that state: a code such as `refused`, `unreachable` or `stalled`."""
    detail: str | None = None
    """The same as a sentence."""
    since: datetime | None = None
    """When it got into that state."""
    numbers: RelayNumbers = RelayNumbers()
    created_at: datetime


class RelayTargets(Answer):
    targets: tuple[RelayTarget, ...]


class ListRelayTargets(Ask[RelayTargets]):
    """All of a stream, oldest first. Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.relay_target.list"
    answer: ClassVar[type[Answer]] = RelayTargets

    tenant: str
    stream: str


class CreateRelayTarget(Ask[RelayTarget]):
    """Errors: `stream_unknown`, `push_url_invalid`, `egress_refused`, `relay_targets_too_many`."""

    name: ClassVar[str] = "catalog.relay_target.create"
    answer: ClassVar[type[Answer]] = RelayTarget

    tenant: str
    stream: str
    target_name: str
    url: str = Field(repr=False)
    rendition: str = SOURCE
    is_enabled: bool = True


class UpdateRelayTarget(Ask[RelayTarget]):
    """Set what is not None. Errors: as for create, and `relay_target_unknown`."""

    name: ClassVar[str] = "catalog.relay_target.update"
    answer: ClassVar[type[Answer]] = RelayTarget

    tenant: str
    stream: str
    id: str
    target_name: str | None = None
    url: str | None = Field(default=None, repr=False)
    rendition: str | None = None
    is_enabled: bool | None = None


class DeleteRelayTarget(Ask[Nothing]):
    """Errors: `stream_unknown`, `relay_target_unknown`."""

    name: ClassVar[str] = "catalog.relay_target.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    id: str


class RelayGrant(Answer):
    """What a worker needs to push one session to one target."""

    url: str = Field(repr=False)
    rendition: str
    revision: int
    """Of the target's settings."""


class OpenRelay(Ask[RelayGrant]):
    """Is this session to be pushed to this target now, and where?

    Errors: `relay_unwanted`: the session is over, or the target disabled or deleted.
    """

    name: ClassVar[str] = "catalog.relay.open"
    answer: ClassVar[type[Answer]] = RelayGrant

    session: str
    target: str


class RelayTargetChanged(Message):
    """A target was made, changed, enabled, disabled or deleted; whoever pushes to it asks again."""

    name: ClassVar[str] = "relay_target.changed"

    tenant: str
    stream: str
    target: str
    revision: int

    def natural_key(self) -> str:
        return f"{self.target}:{self.revision}"

    def about(self) -> str:
        return self.stream


class RelayChanged(Message):
    """A push got into another state, or has new numbers."""

    name: ClassVar[str] = "relay.changed"

    tenant: str
    stream: str
    session: str
    target: str
    epoch: int
    """The lease under which it is pushed."""
    number: int
    """Counts what was said under this epoch; the highest of the highest epoch is the truth."""
    state: RelayState
    cause: str | None = None
    detail: str | None = None
    since: datetime
    numbers: RelayNumbers

    def natural_key(self) -> str:
        return f"{self.session}:{self.target}:{self.epoch}:{self.number}"

    def about(self) -> str:
        return self.stream


class RelayRequested(Message):
    """Offer: push this session to this target until either is over."""

    name: ClassVar[str] = "job.requested.relay"

    job: str
    attempt: int
    """Counts the offers of this job, so that each is a message of its own."""
    tenant: str
    stream: str
    session: str
    origin_url: str
    target: str
    silent: tuple[int, int] | None = None
    """Epoch and beat of the last holder's lease, which the catalog has seen fall silent."""

    def natural_key(self) -> str:
        return f"{self.job}:{self.attempt}"

    def about(self) -> str:
        return self.stream
