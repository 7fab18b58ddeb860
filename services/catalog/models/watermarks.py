"""Tables of forensic watermarks."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.models.base import Base


class WatermarkRow(Base):
    """That a session's renditions are there in two variants."""

    __tablename__ = "watermarks"

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key: Mapped[str]
    """The secret, in hex; whoever loses it can name nobody any more."""
    created_at: Mapped[datetime]


class WatermarkedViewerRow(Base):
    """Somebody who was served a session, and may have leaked it."""

    __tablename__ = "watermarked_viewers"

    session_id: Mapped[str] = mapped_column(ForeignKey("watermarks.session_id"), primary_key=True)
    viewer: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    first_at: Mapped[datetime]
