"""Tables of public events and of the webhooks that they are sent to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.columns import Serial
from services.catalog.models.base import Base


class EventRow(Base):
    """A public event; see `public_log`."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("tenant_id", "sequence"),
        Index(None, "sequence", "number"),
        Index(None, "logged_at"),
    )

    number: Mapped[int] = mapped_column(Serial, primary_key=True)
    """In the order in which they were written."""
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    id: Mapped[str]
    sequence: Mapped[int | None]
    """In the tenant's log; None: it is yet to be given."""
    type: Mapped[str]
    version: Mapped[int]
    stream_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    logged_at: Mapped[datetime]
    traceparent: Mapped[str | None]


class EventHeadRow(Base):
    """Where a tenant's log ends; whoever gives numbers holds it."""

    __tablename__ = "event_heads"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    sequence: Mapped[int]
    """Of the newest event; it never falls."""


class WebhookRow(Base):
    """An address that is sent public events."""

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    url: Mapped[str]
    types: Mapped[list[str]]
    streams: Mapped[list[str]]
    description: Mapped[str]
    is_enabled: Mapped[bool]
    disabled_cause: Mapped[str | None]
    secret: Mapped[str]
    old_secret: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]
    """Until then it signs, too."""
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class DeliveryRow(Base):
    """One event on its way to one webhook; see `deliveries`."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_number", "replay_id"),
        Index(None, "webhook_id", "state", "due_at"),
        Index(None, "webhook_id", "taken_until"),
        Index(None, "replay_id", "state"),
        Index(None, "event_number"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id"))
    event_number: Mapped[int] = mapped_column(ForeignKey("events.number"))
    replay_id: Mapped[str]
    """Of which replay it is; empty: of none."""
    state: Mapped[str]
    taken: Mapped[int]
    """How often: an attempt that is not the last says nothing any more."""
    failures: Mapped[int]
    due_at: Mapped[datetime]
    taken_until: Mapped[datetime | None]
    """A dispatcher has it until then; None: nobody."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class DeliveryAttemptRow(Base):
    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    sent_at: Mapped[datetime]
    duration_ms: Mapped[int]
    status: Mapped[int | None]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    answer: Mapped[str]


class ReplayRow(Base):
    """A range of the log that is sent to a webhook again; see `replays`."""

    __tablename__ = "webhook_replays"
    __table_args__ = (Index(None, "webhook_id", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id"))
    first_sequence: Mapped[int]
    last_sequence: Mapped[int]
    next_sequence: Mapped[int]
    """What is before it has its deliveries."""
    is_cancelled: Mapped[bool]
    created_at: Mapped[datetime]
