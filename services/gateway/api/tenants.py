"""`/api/v1/tenants`: who shares the installation, how much each may take, and what it takes.

Whoever is of the installation's own tenant sees all of them; others see their own, as if there were
no more.
"""

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from libs.events import (
    CreateTenant,
    GetTenant,
    GetTenantUsage,
    ListTenants,
    Quotas,
    Tenant,
    UpdateTenant,
)
from libs.events.tenants import MAX_TENANT_NAME, PAGE_TENANTS
from libs.names import DEFAULT_TENANT
from libs.permissions import Permission
from services.gateway.access.passwords import MAX_CHARS, MIN_CHARS
from services.gateway.api.auth import TheCaller, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.users import MADE_BYTES, UserName
from services.gateway.errors import TenantUnknown, UserNameTaken

router = APIRouter(prefix="/tenants", tags=["tenants"])
_ID = "^[a-z0-9][a-z0-9-]{0,31}$"
TenantId = Annotated[str, Path(pattern=_ID)]


def _check_title(title: str) -> str:
    if any(character < " " or character == "\x7f" for character in title):
        raise ValueError("has no control characters")
    return title


Title = Annotated[str, Field(max_length=MAX_TENANT_NAME), AfterValidator(_check_title)]


class NewTenant(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=_ID)
    """In lower case; it stays."""
    title: Title = ""
    quotas: Quotas = Quotas()
    owner: UserName
    """Its first owner, who signs in by this name."""
    password: Annotated[str, Field(min_length=MIN_CHARS, max_length=MAX_CHARS)] | None = None
    """Of the owner. Default: Weir makes one."""


class TenantChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    is_disabled: bool | None = None
    """Nobody of a disabled tenant signs in, calls or publishes; what it has kept can be watched."""
    quotas: Quotas | None = None
    """A quota that is left out stays, and null takes its limit away."""


class TenantView(BaseModel):
    id: str
    title: str
    created_at: datetime
    is_disabled: bool
    quotas: Quotas


class MadeTenant(TenantView):
    owner: str
    password: str | None
    """That Weir has made; it is told just this once."""


class TenantViews(BaseModel):
    tenants: list[TenantView]
    next_after: str | None


class Use(BaseModel):
    """What is taken now of each quota."""

    streams: int
    publishers: int
    viewers: int
    storage_bytes: int
    upload_bytes: int
    job_minutes: float
    """Since the month began (UTC)."""
    api_keys: int
    users: int


class TenantUse(BaseModel):
    tenant: str
    quotas: Quotas
    use: Use


@router.get("", dependencies=[needs(Permission.TENANTS_READ)])
async def list_tenants(
    house: TheHouse,
    caller: TheCaller,
    after: Annotated[str | None, Query(pattern=_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_TENANTS)] = PAGE_TENANTS,
) -> TenantViews:
    """A page of tenants, by id; the caller's own, unless it is of the installation."""
    if caller.tenant != DEFAULT_TENANT:
        own = await house.catalog.ask(GetTenant(id=caller.tenant))
        shown = [_view(own)] if after is None or own.id > after else []
        return TenantViews(tenants=shown, next_after=None)
    page = await house.catalog.ask(ListTenants(after=after, limit=limit))
    return TenantViews(tenants=[_view(each) for each in page.tenants], next_after=page.next_after)


@router.post("", status_code=201, dependencies=[needs(Permission.TENANTS_WRITE)])
async def create_tenant(body: NewTenant, response: Response, house: TheHouse) -> MadeTenant:
    """Make a tenant with its first owner."""
    if house.access.owner.is_named(body.owner):
        raise UserNameTaken(f"{body.owner!r} is the owner of the settings; choose another name.")
    made = None if body.password else secrets.token_urlsafe(MADE_BYTES)
    ask = CreateTenant(
        id=body.id,
        title=body.title,
        quotas=body.quotas,
        owner_name=body.owner,
        password_hash=await house.access.passwords.hash(body.password or made or ""),
    )
    answer = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/tenants/{answer.tenant.id}"
    view = _view(answer.tenant).model_dump()
    return MadeTenant(**view, owner=answer.owner.name, password=made)


@router.get("/{tenant_id}", dependencies=[needs(Permission.TENANTS_READ)])
async def get_tenant(tenant_id: TenantId, house: TheHouse, caller: TheCaller) -> TenantView:
    """One tenant, and its quotas."""
    _check_seen(caller.tenant, tenant_id)
    return _view(await house.catalog.ask(GetTenant(id=tenant_id)))


@router.patch("/{tenant_id}", dependencies=[needs(Permission.TENANTS_WRITE)])
async def update_tenant(tenant_id: TenantId, body: TenantChange, house: TheHouse) -> TenantView:
    """Set its title, its quotas, or disable it. It holds at once for what begins from now on."""
    ask = UpdateTenant(
        id=tenant_id, title=body.title, is_disabled=body.is_disabled, quotas=body.quotas
    )
    tenant = await house.catalog.ask(ask)
    house.access.callers.doubt()
    house.viewing.limits.learn(tenant.id, tenant.quotas.viewers)
    return _view(tenant)


@router.get("/{tenant_id}/usage", dependencies=[needs(Permission.TENANTS_READ)])
async def get_usage(tenant_id: TenantId, house: TheHouse, caller: TheCaller) -> TenantUse:
    """What the tenant takes now, beside what it may."""
    _check_seen(caller.tenant, tenant_id)
    found = await house.catalog.ask(GetTenantUsage(id=tenant_id))
    counted = found.model_dump(exclude={"tenant", "quotas"})
    viewers = house.viewing.count_of_tenant(tenant_id)
    return TenantUse(tenant=found.tenant, quotas=found.quotas, use=Use(**counted, viewers=viewers))


def _check_seen(own: str, tenant_id: str) -> None:
    """Raises `TenantUnknown`."""
    if own not in (DEFAULT_TENANT, tenant_id):
        raise TenantUnknown(f"There is no tenant {tenant_id!r}.")


def _view(tenant: Tenant) -> TenantView:
    return TenantView(**tenant.model_dump())
