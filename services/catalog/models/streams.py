"""Tables of streams: whose they are, where they are pushed to, who may watch."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.columns import Serial
from services.catalog.models.base import Base


class TenantRow(Base):
    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(server_default=text("''"))
    is_disabled: Mapped[bool] = mapped_column(server_default=text("false"))
    quotas: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A `libs.events.Quotas`, without what has no limit; None: nothing has."""


class DomainRow(Base):
    """Where a tenant's streams are pushed to, or watched."""

    __tablename__ = "domains"
    __table_args__ = (UniqueConstraint("tenant_id", "url"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str]
    url: Mapped[str]
    """`scheme://host[:port]`, in lower case; its scheme is one of the kind."""
    is_default: Mapped[bool]
    """Of at most one of a tenant and kind."""
    created_at: Mapped[datetime]


class StreamIdRow(Base):
    """Whose a stream's id is. It outlives the stream, as push keys, links and recordings do."""

    __tablename__ = "stream_ids"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))


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
    title: Mapped[str] = mapped_column(server_default=text("''"))
    """What its watch page is headed with; empty: with the stream's id."""
    description: Mapped[str] = mapped_column(server_default=text("''"))
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
    cold_after_hours: Mapped[float | None]
    """After how long its segments go to the cold store; None: as the house does it."""
    revision: Mapped[int]
    """Of the settings: Unix milliseconds of their latest change, or one more than before."""


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
