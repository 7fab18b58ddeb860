"""The tables of assets."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base


class AssetRow(Base):
    """What can be played on demand; see `assets`."""

    __tablename__ = "assets"
    __table_args__ = (
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "stream_id"),
        Index(None, "upload_id"),
        Index(None, "is_litter"),
        Index(None, "litter_folder"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    way: Mapped[str]
    state: Mapped[str]
    upload_id: Mapped[str | None]
    stream_id: Mapped[str]
    """Under which it is played."""
    session_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id"))
    hold_id: Mapped[str | None]
    """That keeps its rows from retention."""
    view_policy: Mapped[str]
    is_cdn_allowed: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether a CDN that checks signatures may have it, too."""
    ladder: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A `libs.events.Ladder`."""
    job_id: Mapped[str | None]
    """That plans it."""
    chunks: Mapped[int]
    chunks_done: Mapped[int]
    duration_s: Mapped[float | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    error_code: Mapped[str | None]
    reason: Mapped[str | None]
    is_watermarked: Mapped[bool]
    """Whether each rendition is there in two variants."""
    is_litter: Mapped[bool]
    """Whether its own rows are to be let go."""
    litter_folder: Mapped[str | None]
    """Of the store, that is to be emptied; its rows are gone."""


class CaptionRow(Base):
    """Captions of an asset; see `captions`."""

    __tablename__ = "captions"
    __table_args__ = (UniqueConstraint("asset_id", "label"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"))
    language: Mapped[str]
    label: Mapped[str]
    is_default: Mapped[bool]
    cues: Mapped[int]
    size_bytes: Mapped[int]
    object_key: Mapped[str]
    created_at: Mapped[datetime]
