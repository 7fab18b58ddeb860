"""The envelope of everything on the bus: CloudEvents 1.0 attribute names around typed data.

Grammar of names: a fact is ``<noun>.<past participle>`` (``segment.ready``), an order is
``job.requested.<kind>``, an ask is ``catalog.<noun>.<verb>``. The name is both the bus subject
and the envelope's `type`; ids never stand in a subject, the stream id is the envelope's `subject`.
"""

from datetime import UTC, datetime
from typing import ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Typed data of one envelope. `name` is its bus subject."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: ClassVar[str]

    def natural_key(self) -> str:
        """What makes two deliveries the same message; unique within `name`."""
        raise NotImplementedError

    def about(self) -> str:
        """The id of the stream (or job) that the message is about."""
        raise NotImplementedError


Data = TypeVar("Data", bound=Message)


class Envelope(BaseModel, Generic[Data]):
    """A message on its way. `id` is also the bus's `Nats-Msg-Id`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: str = "1.0"
    id: str
    source: str
    """The process that said it: `ingest/<instance>`."""
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    data: Data

    @classmethod
    def of(cls, data: Data, *, source: str, time: datetime | None = None) -> Self:
        return cls(
            id=f"{data.name}:{data.natural_key()}",
            source=source,
            type=data.name,
            subject=data.about(),
            time=time or datetime.now(UTC),
            data=data,
        )
