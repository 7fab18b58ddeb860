"""`/streamdns`: the push and pull domain, as the replaced system's console asks for them.

It writes `rtmp://<pushDNS>:1935/stream/…` and `http://<pullDNS>/…` by itself, so they are hosts.
"""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from libs.domain_url import DomainKind, check_domain_url
from libs.events import CreateDomain, Domains, ListDomains, UpdateDomain
from libs.permissions import Permission
from services.gateway.api.addresses import host_of, pick, port_of
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.item import Item, read_item
from services.gateway.errors import ItemInvalid

router = APIRouter(prefix="/streamdns", tags=["videostreams"])
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class DNS(BaseModel):
    pullDNS: str  # noqa: N815 - a name of the replaced system
    """With a port, if it has one."""
    pushDNS: str  # noqa: N815
    """Without: clients write 1935."""


class StreamDNS(BaseModel):
    statusCode: int = 200  # noqa: N815
    data: DNS


@router.get("", dependencies=[needs(Permission.STREAMS_READ)])
async def read_stream_dns(house: TheHouse, tenant: TheTenant) -> StreamDNS:
    """The hosts that stand in URLs now."""
    now = pick(house.settings, await house.catalog.ask(ListDomains(tenant=tenant)))
    data = DNS(pullDNS=urlsplit(now.pull).netloc, pushDNS=host_of(now.push))
    return StreamDNS(data=data)


@router.post(
    "",
    openapi_extra=_BODY,
    response_class=PlainTextResponse,
    dependencies=[needs(Permission.DOMAINS_WRITE)],
)
async def write_stream_dns(request: Request, house: TheHouse, tenant: TheTenant) -> str:
    """Make these hosts the default domains; answers `success`."""
    body = await read_item(request)
    pull, push = _host(body, "pullDNS"), _host(body, "pushDNS")
    known = await house.catalog.ask(ListDomains(tenant=tenant))
    now = pick(house.settings, known)
    wanted: list[UpdateDomain | CreateDomain] = []
    # All are looked at before one is kept.
    if pull and pull != urlsplit(now.pull).netloc:
        url = f"{urlsplit(house.settings.public_url).scheme}://{pull}"
        wanted.append(_default(tenant, known, "pull", pull, url))
    if push and push != host_of(now.push):
        url = _with_port(f"rtmp://{push}", house.settings.rtmp_public_url)
        wanted.append(_default(tenant, known, "push", push, url))
    for ask in wanted:
        await house.catalog.ask(ask)
        house.addresses.changed(tenant)
    return "success"


def _default(
    tenant: str, known: Domains, kind: DomainKind, host: str, url: str
) -> UpdateDomain | CreateDomain:
    """The order that makes this host's domain the default: one that is known, else `url`.

    Raises `DomainInvalid`.
    """
    url = check_domain_url(kind, url)
    for domain in known.domains:
        shown = {domain.url, urlsplit(domain.url).netloc}
        if kind == "push":
            shown.add(host_of(domain.url))
        if domain.kind == kind and shown & {host, url}:
            return UpdateDomain(tenant=tenant, domain=domain.id, is_default=True)
    return CreateDomain(tenant=tenant, kind=kind, url=url, is_default=True)


def _host(body: Item, name: str) -> str:
    """Raises `ItemInvalid`. Empty: it says nothing."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise ItemInvalid(f"{name} is a host: a string.")
    return value.strip().lower()


def _with_port(url: str, usual: str) -> str:
    """The listener's port stays as it is, unless another is said."""
    host = url.partition("://")[2].rpartition("]")[2]
    return url if ":" in host else f"{url}{port_of(usual)}"
