"""Tenants: who shares the installation, how much each may take of it, and what it takes."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from libs.events.access import User
from libs.events.asks import Answer, Ask
from libs.events.envelope import Message

TenantId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
QuotaName = Literal[
    "streams",
    "publishers",
    "viewers",
    "storage_bytes",
    "upload_bytes",
    "job_minutes",
    "api_keys",
    "users",
]
Limit = Annotated[int | None, Field(ge=0, lt=2**53)]
MAX_TENANT_NAME = 128
PAGE_TENANTS = 200


class Quotas(BaseModel):
    """How much a tenant may take. None: no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    streams: Limit = None
    publishers: Limit = None
    """On air at once."""
    viewers: Limit = None
    """At once, of all its streams and recordings."""
    storage_bytes: Limit = None
    """Recordings, files, assets and uploads together."""
    upload_bytes: Limit = None
    """Uploads and the assets made of them. None: as the settings say."""
    job_minutes: Limit = None
    """That its finite jobs run, within a calendar month (UTC)."""
    api_keys: Limit = None
    users: Limit = None


class Tenant(Answer):
    id: str
    title: str
    created_at: datetime
    is_disabled: bool
    """Nobody of it signs in, calls or publishes."""
    quotas: Quotas


class MadeTenant(Answer):
    tenant: Tenant
    owner: User


class Tenants(Answer):
    tenants: tuple[Tenant, ...]
    next_after: str | None = None


class TenantUsage(Answer):
    """What a tenant takes now; its viewers are counted by gateways."""

    tenant: str
    quotas: Quotas
    streams: int
    publishers: int
    storage_bytes: int
    upload_bytes: int
    job_minutes: float
    """Since the month began."""
    api_keys: int
    users: int


class TenantChanged(Message):
    """A tenant was made, or its quotas or its state were changed."""

    name: ClassVar[str] = "tenant.changed"

    tenant: str
    changed_at: datetime
    is_disabled: bool
    quotas: Quotas

    def natural_key(self) -> str:
        return f"{self.tenant}:{self.changed_at.isoformat()}"

    def about(self) -> str:
        return self.tenant


class CreateTenant(Ask[MadeTenant]):
    """With its first owner. Errors: `tenant_exists`, `user_exists`."""

    name: ClassVar[str] = "catalog.tenant.create"
    answer: ClassVar[type[Answer]] = MadeTenant

    id: TenantId
    title: str = Field(default="", max_length=MAX_TENANT_NAME)
    quotas: Quotas = Quotas()
    owner_name: str
    password_hash: str = Field(repr=False)


class GetTenant(Ask[Tenant]):
    """Errors: `tenant_unknown`."""

    name: ClassVar[str] = "catalog.tenant.get"
    answer: ClassVar[type[Answer]] = Tenant

    id: str


class ListTenants(Ask[Tenants]):
    """A page of tenants, by id."""

    name: ClassVar[str] = "catalog.tenant.list"
    answer: ClassVar[type[Answer]] = Tenants

    after: str | None = None
    limit: int = Field(default=PAGE_TENANTS, ge=1, le=PAGE_TENANTS)


class UpdateTenant(Ask[Tenant]):
    """Set what is given. Errors: `tenant_unknown`."""

    name: ClassVar[str] = "catalog.tenant.update"
    answer: ClassVar[type[Answer]] = Tenant

    id: str
    title: str | None = Field(default=None, max_length=MAX_TENANT_NAME)
    is_disabled: bool | None = None
    quotas: Quotas | None = None
    """Those that are set in it (to None, too); others stay."""


class GetTenantUsage(Ask[TenantUsage]):
    """Errors: `tenant_unknown`."""

    name: ClassVar[str] = "catalog.tenant.get_usage"
    answer: ClassVar[type[Answer]] = TenantUsage

    id: str
