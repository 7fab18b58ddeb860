"""Transcoding: the offer, what a worker asks, and what it says of its work.

Orders name the session only; what to make is asked of the catalog, as it may change any time.
"""

from datetime import datetime
from typing import ClassVar, Literal

from libs.events.asks import Answer, Ask
from libs.events.envelope import Message
from libs.events.ladders import Ladder, TranscodeReport
from libs.events.marks import Mark


class TranscodePlan(Answer):
    """What a worker is to make of one session."""

    version: int
    """Of the stream's settings."""
    ladder: Ladder | None = None
    """None: no rungs."""
    marks: tuple[Mark, ...] = ()
    """What is burned into every picture, the lowest first."""
    makes_sound: bool = False
    """Whether the publisher's sound has to be made AAC."""


class GetTranscodePlan(Ask[TranscodePlan]):
    """What is to be made of this session now?

    Errors: `transcode_unwanted`: the session is over, or its stream has neither ladder nor marks
    any more.
    """

    name: ClassVar[str] = "catalog.transcode_plan.get"
    answer: ClassVar[type[Answer]] = TranscodePlan

    session: str


class PlannedLadder(Answer):
    """The rungs that players are told of, whether they are made now or not."""

    ladder: Ladder | None = None


class GetLadder(Ask[PlannedLadder]):
    """Which rungs does this session have, or get as soon as somebody watches? None once it is
    over.
    """

    name: ClassVar[str] = "catalog.ladder.get"
    answer: ClassVar[type[Answer]] = PlannedLadder

    session: str


class LadderDemand(Answer):
    """How the demand for a session's rungs is kept up."""

    again_s: float
    """Say it again after so long, if it is still so."""
    rungs: tuple[str, ...] = ()
    """Those that the session has, or gets now."""


class WantLadder(Ask[LadderDemand]):
    """Somebody watches this session by a playlist or a log that has its rungs: a lazy ladder is
    made while that is said.
    """

    name: ClassVar[str] = "catalog.ladder.want"
    answer: ClassVar[type[Answer]] = LadderDemand

    session: str


class LadderChanged(Message):
    """A lazy ladder has got its first viewer, or has had none for a while."""

    name: ClassVar[str] = "ladder.changed"

    stream: str
    session: str
    is_wanted: bool
    changed_at: datetime

    def natural_key(self) -> str:
        return f"{self.session}:{self.changed_at.timestamp():.6f}"

    def about(self) -> str:
        return self.stream


class TranscodeRequested(Message):
    """Offer: make this session's rungs until it ends. What to make is asked of the catalog."""

    name: ClassVar[str] = "job.requested.transcode"

    job: str
    attempt: int
    """Counts the offers of this job, so that each is a message of its own."""
    tenant: str
    stream: str
    session: str
    origin_url: str
    kind: Literal["live"] = "live"
    silent: tuple[int, int] | None = None
    """Epoch and beat of the last holder's lease, which the catalog has seen fall silent."""

    def natural_key(self) -> str:
        return f"{self.job}:{self.attempt}"

    def about(self) -> str:
        return self.stream


class TranscodeChanged(Message):
    """A session's transcoding got into another state, or makes other rungs."""

    name: ClassVar[str] = "transcode.changed"

    job: str
    stream: str
    session: str
    report: TranscodeReport

    def natural_key(self) -> str:
        return f"{self.job}:{self.report.epoch}:{self.report.number}"

    def about(self) -> str:
        return self.stream
