"""`/api/v1/domains`: under which domains streams are pushed to and watched.

They only change the URLs that are shown; that they lead here is up to DNS and whoever routes.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from libs.domain_url import MAX_CHARS, DomainKind
from libs.events import CreateDomain, DeleteDomain, Domain, ListDomains, UpdateDomain
from libs.permissions import Permission
from services.gateway.api.addresses import pick
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse

router = APIRouter(prefix="/domains", tags=["domains"])
DomainId = Annotated[str, Path(pattern="^domain-[0-9a-f]{16}$")]
URL = Annotated[str, Field(min_length=1, max_length=MAX_CHARS)]


class NewDomain(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: DomainKind
    """`push`: publishers reach it by RTMP; `pull`: viewers do by HTTP."""
    url: URL
    """`rtmp://push.example.org` or `rtmps://…`; `https://live.example.org` or `http://…`. It may
    have a port, and no path."""
    is_default: bool = False
    """Whether it is to stand in all URLs that are shown, in place of another of its kind."""


class DomainChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: URL | None = None
    is_default: bool | None = None


class DomainView(BaseModel):
    id: str
    kind: DomainKind
    url: str
    is_default: bool
    created_at: datetime


class DomainViews(BaseModel):
    domains: list[DomainView]
    """Oldest first."""
    push: str
    """What stands in URLs now: the default domain's, else the settings' address."""
    pull: str


@router.get("", dependencies=[needs(Permission.STREAMS_READ)])
async def list_domains(house: TheHouse, tenant: TheTenant) -> DomainViews:
    """All domains, and which addresses stand in URLs now."""
    found = await house.catalog.ask(ListDomains(tenant=tenant))
    now = pick(house.settings, found)
    views = [_view(domain) for domain in found.domains]
    return DomainViews(domains=views, push=now.push, pull=now.pull)


@router.post("", status_code=201, dependencies=[needs(Permission.DOMAINS_WRITE)])
async def create_domain(
    body: NewDomain, response: Response, house: TheHouse, tenant: TheTenant
) -> DomainView:
    """Add a domain."""
    ask = CreateDomain(tenant=tenant, kind=body.kind, url=body.url, is_default=body.is_default)
    domain = await house.catalog.ask(ask)
    house.addresses.changed(tenant)
    response.headers["location"] = f"/api/v1/domains/{domain.id}"
    return _view(domain)


@router.patch("/{domain_id}", dependencies=[needs(Permission.DOMAINS_WRITE)])
async def update_domain(
    domain_id: DomainId, body: DomainChange, house: TheHouse, tenant: TheTenant
) -> DomainView:
    """Set its address, or make it the default one of its kind."""
    ask = UpdateDomain(tenant=tenant, domain=domain_id, url=body.url, is_default=body.is_default)
    domain = await house.catalog.ask(ask)
    house.addresses.changed(tenant)
    return _view(domain)


@router.delete("/{domain_id}", status_code=204, dependencies=[needs(Permission.DOMAINS_WRITE)])
async def delete_domain(domain_id: DomainId, house: TheHouse, tenant: TheTenant) -> None:
    """URLs are shown without it from now on; it goes on to work as far as it did."""
    await house.catalog.ask(DeleteDomain(tenant=tenant, domain=domain_id))
    house.addresses.changed(tenant)


def _view(domain: Domain) -> DomainView:
    return DomainView(**domain.model_dump())
