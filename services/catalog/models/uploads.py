"""Tables of uploads."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base


class UploadRow(Base):
    """A file that comes to us; see `uploads`."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "state", "expires_at"),
        Index(None, "is_litter"),
        Index(None, "job_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    content_type: Mapped[str]
    fingerprint: Mapped[str | None]
    way: Mapped[str]
    state: Mapped[str]
    size_bytes: Mapped[int]
    reserved_bytes: Mapped[int]
    """Counted against the tenant's quota."""
    offset_bytes: Mapped[int]
    pieces: Mapped[int]
    folder: Mapped[str]
    """Of the store, that holds its pieces."""
    multipart: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    job_id: Mapped[str | None]
    error_code: Mapped[str | None]
    reason: Mapped[str | None]
    media: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A `libs.events.Media`."""
    ladder: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    """That the asset made of it is to have, as it was sent."""
    is_watermarked: Mapped[bool]
    """Whether that asset is to have a forensic watermark."""
    is_litter: Mapped[bool]
    """Whether its folder of the store is to be emptied."""


class UploadPieceRow(Base):
    """A piece of an upload: all of an object of the store."""

    __tablename__ = "upload_pieces"

    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    offset_bytes: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    size_bytes: Mapped[int]
    object_key: Mapped[str]
