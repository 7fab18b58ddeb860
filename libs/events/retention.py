"""How long what was on air is kept: holds, and what the store may let go of."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.tiers import Tier

DISCARD_PAGE = 500
MAX_HOLDS = 1000
"""In a page."""
HoldCause = Literal["clip", "bookmark", "motion", "legal", "asset"]


class Hold(Answer):
    """What was on air within [from_at, until_at) is kept, whatever the stream's retention says."""

    id: str
    stream: str
    from_at: datetime
    until_at: datetime
    cause: HoldCause
    note: str
    created_at: datetime


class Holds(Answer):
    holds: tuple[Hold, ...]
    next_after: str | None = None


class CreateHold(Ask[Hold]):
    """Errors: `stream_unknown`, `hold_invalid`, `holds_too_many`."""

    name: ClassVar[str] = "catalog.hold.create"
    answer: ClassVar[type[Answer]] = Hold

    tenant: str
    stream: str
    from_at: datetime
    until_at: datetime
    cause: HoldCause = "bookmark"
    note: str = ""


class ListHolds(Ask[Holds]):
    """A page of a stream's, the earliest first. Errors: `stream_unknown`, `cursor_invalid`."""

    name: ClassVar[str] = "catalog.hold.list"
    answer: ClassVar[type[Answer]] = Holds

    tenant: str
    stream: str
    from_at: datetime | None = None
    """Only those that end later; likewise `until_at`: that begin before."""
    until_at: datetime | None = None
    after: str | None = None
    limit: int = Field(default=MAX_HOLDS, ge=1, le=MAX_HOLDS)


class DeleteHold(Ask[Nothing]):
    """Errors: `hold_unknown`, `hold_of_clip`."""

    name: ClassVar[str] = "catalog.hold.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    id: str


class SessionDiscarded(Answer):
    size_bytes: int
    is_all: bool
    """Only what is held is left; if not, the catalog goes on by itself."""


class DiscardSession(Ask[SessionDiscarded]):
    """Take the next rows and files of a session that is over out of the segment log, unless they
    are held. Errors: `session_unknown`, `session_not_over`, `hold_of_asset`.
    """

    name: ClassVar[str] = "catalog.session.discard"
    answer: ClassVar[type[Answer]] = SessionDiscarded

    tenant: str
    session: str


class Discards(Answer):
    keys: tuple[str, ...]


class ListDiscards(Ask[Discards]):
    """Objects that nothing names any more, and nobody should be reading any more either; or, of a
    tier, copies that have another in the other tier.
    """

    name: ClassVar[str] = "catalog.discard.list"
    answer: ClassVar[type[Answer]] = Discards

    tier: Tier | None = None
    """Only the copies there; None: what goes wherever it lies."""
    free_bytes: int | None = None
    """What the store has room for, as far as the asker can tell."""
    limit: int = Field(default=DISCARD_PAGE, ge=1, le=DISCARD_PAGE)


class DeferDiscards(Ask[Nothing]):
    """Somebody is reading objects that may be discarded: they stay for a while more."""

    name: ClassVar[str] = "catalog.discard.defer"
    answer: ClassVar[type[Answer]] = Nothing

    keys: tuple[str, ...] = Field(max_length=DISCARD_PAGE)
    for_s: float = Field(gt=0, le=600)
    """From now on, at least."""
    is_cold_left: bool = False
    """They are gone from the hot store already, and cannot be deleted from the cold one now."""


class ForgetDiscards(Ask[Nothing]):
    """They are deleted."""

    name: ClassVar[str] = "catalog.discard.forget"
    answer: ClassVar[type[Answer]] = Nothing

    tier: Tier | None = None
    """As it was listed."""
    keys: tuple[str, ...] = Field(max_length=DISCARD_PAGE)
    free_bytes: int | None = None
    """What the store has room for now."""
