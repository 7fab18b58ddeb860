"""The tables. The same on SQLite and Postgres; every row says whose it is (`tenant_id`).

Stream ids are unique over all tenants, because no playback or push URL names a tenant.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Double,
    ForeignKey,
    Index,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.catalog.columns import PlainText, Serial, UTCDateTime

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy under this name
        str: PlainText(),
        int: BigInteger(),
        float: Double(),
        bool: Boolean(),
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
        list[str]: JSON(),
    }


class TenantRow(Base):
    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class StreamRow(Base):
    __tablename__ = "streams"
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    key: Mapped[str]
    item: Mapped[dict[str, Any]]
    """What the client sent; JSON text, so that types and order stay."""
    publish_policy: Mapped[str]
    reconnect_window_s: Mapped[float]
    segment_s: Mapped[float]
    playlist_segments: Mapped[int]
    generation: Mapped[int]
    """Of the latest grant; never falls, not even when a stream is deleted and made again."""
    view_policy: Mapped[str]
    ladder: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A `libs.events.Ladder`, read out of the item; None: it is not transcoded."""
    marks: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """Of `libs.events.marks`, read out of the item; None: its picture is shown as it comes."""
    records: Mapped[bool]
    """Whether files are made of it while it is on air."""
    retention_hours: Mapped[float | None]
    """How long what was on air is kept; None: as the house does it."""
    retention_bytes: Mapped[int | None]
    """How much of it is kept; None: any number."""
    revision: Mapped[int]
    """Of the settings: Unix milliseconds of their latest change, or one more than before."""


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
    last_msn: Mapped[int | None]
    ladder_wanted_at: Mapped[datetime | None]
    """When it was last said that somebody watches what a lazy ladder is made for; None: nobody
    does."""


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


class RecorderRow(Base):
    """How far a session's rows have been made into files; see `recording_plan.Progress`."""

    __tablename__ = "recorders"
    __table_args__ = (Index(None, "is_done"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    next_msn: Mapped[int]
    anchor_ms: Mapped[int | None]
    video_first_msn: Mapped[int | None]
    video_index: Mapped[int]
    image_index: Mapped[int]
    videos: Mapped[int]
    is_done: Mapped[bool]


class FileRow(Base):
    """A file made of what was on air."""

    __tablename__ = "files"
    __table_args__ = (
        Index(None, "tenant_id", "stream_id", "starts_at", "key"),
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
    duration_s: Mapped[float]
    size_bytes: Mapped[int]
    first_msn: Mapped[int]
    last_msn: Mapped[int]


class HoldRow(Base):
    """A time of a stream that retention leaves alone."""

    __tablename__ = "holds"
    __table_args__ = (Index(None, "tenant_id", "stream_id", "until_at"),)

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


class DiscardRow(Base):
    """An object that no row names any more, and from when on it may be deleted."""

    __tablename__ = "discards"
    __table_args__ = (Index(None, "due_at"),)

    object_key: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    size_bytes: Mapped[int]
    due_at: Mapped[datetime]


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


class ViewerKeyRow(Base):
    """A secret that signs viewer tokens. The two with the highest numbers are live."""

    __tablename__ = "viewer_keys"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    secret: Mapped[str]
    """In hex."""
    created_at: Mapped[datetime]


class RevocationRow(Base):
    """Viewer tokens that are void; kept until all of them would have expired."""

    __tablename__ = "revocations"
    __table_args__ = (
        UniqueConstraint("tenant_id", "stream_id", "scope", "whom"),
        Index(None, "expires_at"),
    )

    seq: Mapped[int] = mapped_column(Serial, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    stream_id: Mapped[str]
    scope: Mapped[str]
    """`token`, `viewer` or `stream`."""
    whom: Mapped[str]
    """Token id or viewer; empty for all of the stream."""
    before: Mapped[datetime]
    """Tokens that were issued later are good."""
    expires_at: Mapped[datetime]


class RelayTargetRow(Base):
    """Where a stream is pushed to, and what was last said of that push."""

    __tablename__ = "relay_targets"
    __table_args__ = (Index(None, "tenant_id", "stream_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    stream_id: Mapped[str]
    name: Mapped[str]
    url: Mapped[str]
    """A secret: it goes to the worker that pushes, and nowhere else."""
    rendition: Mapped[str]
    is_enabled: Mapped[bool]
    is_of_item: Mapped[bool]
    """Whether the fields `isRelay` and `relayURL` of the stream's item keep it."""
    revision: Mapped[int]
    """Rises with each change of its settings."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    session_id: Mapped[str | None]
    """The session that the state is about; `epoch` and `number` order what was said of it."""
    epoch: Mapped[int]
    number: Mapped[int]
    state: Mapped[str]
    cause: Mapped[str | None]
    detail: Mapped[str | None]
    since: Mapped[datetime | None]
    numbers: Mapped[dict[str, Any]]


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
