"""Tables of who may call the API, and of what they did."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog.columns import Serial
from services.catalog.models.base import Base


class UserRow(Base):
    """A person who signs in. The owner of the settings has no row."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("name"), Index(None, "tenant_id", "name"))

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    """Unique over the installation: signing in names no tenant."""
    role: Mapped[str]
    password_hash: Mapped[str]
    """Argon2id, with its salt and parameters."""
    is_disabled: Mapped[bool]
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]


class ConsoleSessionRow(Base):
    """Somebody who is signed in; gone with the session."""

    __tablename__ = "console_sessions"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index(None, "tenant_id", "user_id"),
        Index(None, "expires_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    """None: the owner of the settings."""
    digest: Mapped[str]
    """SHA-256 of what the cookie holds."""
    fence: Mapped[str]
    """Of the owner of the settings: a digest of those settings, so that changing them ends it."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    idle_s: Mapped[int]
    used_at: Mapped[datetime]
    address: Mapped[str]
    agent: Mapped[str]


class APIKeyRow(Base):
    """A program's key; gone once it is revoked."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("digest"), Index(None, "tenant_id", "created_at", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    digest: Mapped[str]
    """SHA-256 of the whole key, which is random."""
    permissions: Mapped[list[str]]
    stream_prefix: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    """The name of whoever made it; the key outlives that user."""
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class AuditRow(Base):
    """One request that wrote something, or tried to."""

    __tablename__ = "audit"
    __table_args__ = (
        UniqueConstraint("id"),
        Index(None, "tenant_id", "at", "seq"),
        Index(None, "at"),
    )

    seq: Mapped[int] = mapped_column(Serial, primary_key=True)
    id: Mapped[str]
    tenant_id: Mapped[str]
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor: Mapped[str]
    actor_name: Mapped[str]
    address: Mapped[str]
    method: Mapped[str]
    route: Mapped[str]
    target: Mapped[str]
    status: Mapped[int]
    outcome: Mapped[str]
    trace_id: Mapped[str]
