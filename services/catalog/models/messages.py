"""Tables of messages: not yet said, and never understood."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.columns import Serial
from services.catalog.models.base import Base


class OutboxRow(Base):
    """A message that is true and not yet said."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("message_id"),)

    seq: Mapped[int] = mapped_column(Serial, primary_key=True)
    tenant_id: Mapped[str]
    message_id: Mapped[str]
    """`Nats-Msg-Id`: the same message is never queued twice."""
    type: Mapped[str]
    data: Mapped[dict[str, Any]]
    traceparent: Mapped[str | None]
    created_at: Mapped[datetime]


class DeadLetterRow(Base):
    __tablename__ = "dead_letters"
    __table_args__ = (Index(None, "buried_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    subject: Mapped[str]
    consumer: Mapped[str]
    code: Mapped[str]
    reason: Mapped[str]
    deliveries: Mapped[int]
    buried_at: Mapped[datetime]
    body: Mapped[str]
