"""Tables of the segment log: what was on air, row by row."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base


class SessionRow(Base):
    """Outlives its stream: the log of what was published is not the stream's to take away."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index(None, "tenant_id", "stream_id", "id"),
        # A stream has one open session at most; the database itself refuses a second.
        Index(
            "uq_sessions_open",
            "stream_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            None,
            "deleting_since",
            sqlite_where=text("deleting_since IS NOT NULL"),
            postgresql_where=text("deleting_since IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    stream_id: Mapped[str]
    ingest: Mapped[str]
    """Instance that holds the session."""
    origin_url: Mapped[str]
    first_generation: Mapped[int]
    generation: Mapped[int]
    """Of the latest grant."""
    published_generation: Mapped[int]
    """Of the latest publish that got on air; 0 when none did."""
    granted_at: Mapped[datetime]
    """When the latest grant was given."""
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    cause: Mapped[str | None]
    last_tag: Mapped[int | None]
    traceparent: Mapped[str | None]
    segment_s: Mapped[float]
    playlist_segments: Mapped[int]
    segments: Mapped[int]
    """Rows of the source rendition; `duration_us` likewise."""
    duration_us: Mapped[int]
    """Microseconds: a sum of integers does not depend on the order of arrival."""
    size_bytes: Mapped[int]
    """Of every rendition."""
    files_bytes: Mapped[int] = mapped_column(server_default=text("0"))
    """Of the files that were made of it and are there."""
    last_msn: Mapped[int | None]
    ladder_wanted_at: Mapped[datetime | None]
    """When it was last said that somebody watches what a lazy ladder is made for; None: nobody
    does."""
    foreign_sound: Mapped[str | None]
    """The codec of its sound, if that has to be made AAC."""
    sound_tag: Mapped[int | None]
    """The tag from which on that is so."""
    deleting_since: Mapped[datetime | None]
    """Since when what it has recorded is being deleted; None: it is not."""


class PublishRow(Base):
    __tablename__ = "publishes"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    stream_id: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    ingest: Mapped[str]
    origin_url: Mapped[str]
    remote_address: Mapped[str]
    granted_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cause: Mapped[str | None]


class RenditionRow(Base):
    __tablename__ = "renditions"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    rendition: Mapped[str] = mapped_column(primary_key=True)
    stream_id: Mapped[str]
    epoch: Mapped[int]
    """The highest seen."""
    is_ended: Mapped[bool]
    last_msn: Mapped[int | None]
    language: Mapped[str | None] = mapped_column(default=None)
    """Of its sound, if a file said so; likewise `label`."""
    label: Mapped[str | None] = mapped_column(default=None)


class TrackRow(Base):
    """A codec configuration that a rendition had; more than one when it changed mid-session."""

    __tablename__ = "tracks"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    rendition: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    config_id: Mapped[str] = mapped_column(primary_key=True)
    codec: Mapped[str]
    timescale: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    frame_rate: Mapped[float | None]
    sample_rate: Mapped[int | None]
    channels: Mapped[int | None]


class SegmentRow(Base):
    """The segment log's index. A wall-clock window is a range of (tenant, stream, starts_at)."""

    __tablename__ = "segments"
    __table_args__ = (Index(None, "tenant_id", "stream_id", "starts_at"),)

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    rendition: Mapped[str] = mapped_column(primary_key=True)
    msn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stream_id: Mapped[str]
    object_key: Mapped[str]
    object_offset: Mapped[int]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    tracks: Mapped[list[dict[str, Any]]]
    start_ms: Mapped[int]
    duration_s: Mapped[float]
    starts_at: Mapped[datetime]
    is_independent: Mapped[bool]
    discontinuity_sequence: Mapped[int]
    generation: Mapped[int]
    epoch: Mapped[int]
    first_tag: Mapped[int]
    last_tag: Mapped[int]
    key_id: Mapped[str | None]
    bitrate_bps: Mapped[int]


class GapRow(Base):
    __tablename__ = "gaps"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    rendition: Mapped[str] = mapped_column(primary_key=True)
    first_msn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_msn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stream_id: Mapped[str]
    cause: Mapped[str]
