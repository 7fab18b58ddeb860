"""Transcoding: the offer, what a worker asks, and what it says of its work.

Orders name the session only; what to make is asked of the catalog, as it may change any time.
"""

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


class GetTranscodePlan(Ask[TranscodePlan]):
    """What is to be made of this session now?

    Errors: `transcode_unwanted`: the session is over, or its stream has neither ladder nor marks
    any more.
    """

    name: ClassVar[str] = "catalog.transcode_plan.get"
    answer: ClassVar[type[Answer]] = TranscodePlan

    session: str


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
