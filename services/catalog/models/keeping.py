"""Tables of what is made of the segment log, what is held and what is let go."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base


class RecorderRow(Base):
    """How far a session's rows have been made into files; see `recording_plan.Progress`."""

    __tablename__ = "recorders"
    __table_args__ = (Index(None, "is_done"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    next_msn: Mapped[int]
    anchor_ms: Mapped[int | None]
    video: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A `recording_plan.FileSpan`."""
    video_index: Mapped[int]
    image_index: Mapped[int]
    seen: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A `libs.events.StoredPicture`."""
    videos: Mapped[int]
    is_done: Mapped[bool]


class FileRow(Base):
    """A file made of what was on air."""

    __tablename__ = "files"
    __table_args__ = (
        Index(None, "tenant_id", "stream_id", "starts_at", "key"),
        Index(None, "tenant_id", "stream_id", "ends_at"),
        Index(None, "job_id"),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    stream_id: Mapped[str]
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"))
    kind: Mapped[str]
    state: Mapped[str]
    job_id: Mapped[str | None]
    object_key: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Retention goes by it: a file is as old as the last that it shows."""
    duration_s: Mapped[float]
    size_bytes: Mapped[int]
    first_msn: Mapped[int]
    last_msn: Mapped[int]


class HoldRow(Base):
    """A time of a stream that retention leaves alone."""

    __tablename__ = "holds"
    __table_args__ = (
        Index(None, "tenant_id", "stream_id", "until_at"),
        Index(None, "cause", "job_id", "until_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    stream_id: Mapped[str]
    from_at: Mapped[datetime]
    guards_from_at: Mapped[datetime]
    """A segment that starts later may reach into the hold."""
    until_at: Mapped[datetime]
    cause: Mapped[str]
    note: Mapped[str]
    created_at: Mapped[datetime]
    name: Mapped[str | None]
    """Of a clip; None: it is none."""
    job_id: Mapped[str | None]
    """That makes, or made, a file of the clip or motion event."""


class DiscardRow(Base):
    """An object that nothing names any more, and from when on it may be deleted."""

    __tablename__ = "discards"
    __table_args__ = (Index(None, "due_at"),)

    object_key: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    size_bytes: Mapped[int]
    """What the hot store will have room for without it."""
    due_at: Mapped[datetime]
    tier: Mapped[str | None]
    """Only the copy there, as another lies in the other tier; None: it goes wherever it lies."""


class TierRow(Base):
    """Where a stream's rows lie. Like the rows, it outlives the stream."""

    __tablename__ = "tiers"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    stream_id: Mapped[str] = mapped_column(primary_key=True)
    cold_until_at: Mapped[datetime]
    """Rows that start before lie in the cold store."""
    hot_since_at: Mapped[datetime]
    """The others lie in the hot one from here on; in between, where rows came late, in either."""
    moved_to: Mapped[str]
    """The tier that the latest move went to."""
    moved_at: Mapped[datetime]


class CameraClipRow(Base):
    """What an IP camera said that it has pushed."""

    __tablename__ = "camera_clips"
    __table_args__ = (Index(None, "tenant_id", "stream_id", "end_ms"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    client_id: Mapped[str]
    device_id: Mapped[str]
    stream_id: Mapped[str]
    """As the camera calls it; there need not be one."""
    begin_ms: Mapped[int]
    end_ms: Mapped[int]
    duration_s: Mapped[float]
    noted_at: Mapped[datetime]


class CameraDeviceRow(Base):
    """An IP camera, by what it has noted of a stream."""

    __tablename__ = "camera_devices"
    __table_args__ = (Index(None, "tenant_id", "noted_at"),)

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    device_id: Mapped[str] = mapped_column(primary_key=True)
    stream_id: Mapped[str] = mapped_column(primary_key=True)
    """As the camera calls it; there need not be one."""
    client_id: Mapped[str]
    """Of its last note; likewise `noted_at`."""
    notes: Mapped[int]
    """How many it has made."""
    noted_at: Mapped[datetime]
