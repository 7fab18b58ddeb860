"""Tables of jobs, live and finite."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base


class JobRow(Base):
    """A live or a finite job; see `offers` and `jobs`."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "tenant_id", "requested_at", "id"),
        Index(None, "tenant_id", "stream_id", "requested_at"),
        Index(None, "state", "kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str]
    stream_id: Mapped[str | None]
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id"), index=True)
    state: Mapped[str]
    attempt: Mapped[int]
    """Offers made, or attempts of a finite job that were begun."""
    progress: Mapped[float]
    requested_at: Mapped[datetime]
    offered_at: Mapped[datetime]
    """When its latest order was said."""
    updated_at: Mapped[datetime]
    reason: Mapped[str | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What its worker last said of it; None for kinds that say nothing."""

    # Of finite jobs:
    params: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Of `libs.events.JobParams`."""
    size: Mapped[str | None]
    priority: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    """Attempts that failed by the job's own fault."""
    losses: Mapped[int] = mapped_column(default=0)
    """Attempts whose process was killed."""
    orders: Mapped[int] = mapped_column(default=0)
    """Said in all; each is a message of its own."""
    is_on_bus: Mapped[bool] = mapped_column(default=False)
    """Whether an order waits there for a worker."""
    waits_until: Mapped[datetime | None]
    """Not to be begun before."""
    traceparent: Mapped[str | None]
    """Of the request that made it."""
    error_code: Mapped[str | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class JobAttemptRow(Base):
    """One try to do a finite job."""

    __tablename__ = "job_attempts"
    __table_args__ = (Index(None, "is_litter", "ended_at"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    worker: Mapped[str]
    state: Mapped[str]
    progress: Mapped[float]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    reason: Mapped[str | None]
    is_litter: Mapped[bool]
    """Whether it may have left objects in the store that count for nothing."""


class JobTimeRow(Base):
    """How long an attempt at a finite job ran; outlives the job, until its month is over.

    A sum in one row would make all who end jobs wait for each other.
    """

    __tablename__ = "job_time"
    __table_args__ = (Index(None, "tenant_id", "month"),)

    job_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    month: Mapped[str]
    """In which it ended, such as 2026-11, in UTC."""
    seconds: Mapped[float]


class JobLogRow(Base):
    """The newest lines that the processes of a job's attempt said."""

    __tablename__ = "job_logs"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Of a live job: the epoch of its lease."""
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    number: Mapped[int]
    worker: Mapped[str]
    lines: Mapped[list[str]]
    updated_at: Mapped[datetime]
