"""Tables of what is said beside streams."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base


class ChatRow(Base):
    """Settings of a stream's chat. A stream without a row has its chat closed."""

    __tablename__ = "chats"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    stream_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    """Unix milliseconds of their latest change, or one more than before."""
    is_open: Mapped[bool]
    slow_s: Mapped[int]


class ChatMessageRow(Base):
    """Like the segment log, it outlives its stream, and goes when the pictures of its time have."""

    __tablename__ = "chat_messages"
    __table_args__ = (
        Index(None, "tenant_id", "stream_id", "said_at"),
        Index(None, "tenant_id", "stream_id", "author_id"),
        Index(None, "session_id", "said_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Its number in the chat's log."""
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    stream_id: Mapped[str]
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id"))
    """That was on air; None: nothing was."""
    said_at: Mapped[datetime]
    author_id: Mapped[str]
    author_name: Mapped[str]
    author_kind: Mapped[str]
    network: Mapped[str]
    text: Mapped[str]
    alert: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A `libs.events.ChatAlert`, of what is more than words."""
    is_removed: Mapped[bool]


class AlertRow(Base):
    """An alert that was raised; kept for good, as whoever raises it may ask again at any time."""

    __tablename__ = "alerts"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    stream_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    """SHA-256 of what it says."""
    raised_at: Mapped[datetime]


class ChatBanRow(Base):
    __tablename__ = "chat_bans"
    __table_args__ = (Index(None, "tenant_id", "stream_id", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    stream_id: Mapped[str]
    author_id: Mapped[str]
    author_name: Mapped[str]
    author_kind: Mapped[str]
    network: Mapped[str]
    """Empty: the author is banned wherever it is, and nobody else."""
    reason: Mapped[str]
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """None: until it is lifted."""


class LogPositionRow(Base):
    """How far a log of the bus has been written down here. The house's own, of no tenant."""

    __tablename__ = "log_positions"

    log: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
