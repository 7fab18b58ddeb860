"""Domains as the catalog keeps them."""

import asyncio

import pytest
from sqlalchemy import insert

from libs.domain_url import DomainInvalid, DomainKind
from libs.events import CreateDomain, DeleteDomain, Domain, ListDomains, UpdateDomain
from services.catalog.domain_answers import DomainAnswers
from services.catalog.domains import MAX_DOMAINS
from services.catalog.errors import DomainExists, DomainsTooMany, DomainUnknown, TenantUnknown
from services.catalog.models import TenantRow
from tests.integration.catalog.conftest import Catalog

pytestmark = pytest.mark.integration

TENANT = "default"


class House:
    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.answers = DomainAnswers(catalog.database, catalog.clock)

    async def add(self, url: str, *, tenant: str = TENANT, is_default: bool = True) -> Domain:
        kind: DomainKind = "push" if url.startswith("rtmp") else "pull"
        ask = CreateDomain(tenant=tenant, kind=kind, url=url, is_default=is_default)
        self.catalog.clock.pass_s(1)
        return await self.answers.create(ask)

    async def listed(self, tenant: str = TENANT) -> list[tuple[str, bool]]:
        found = await self.answers.list(ListDomains(tenant=tenant))
        return [(each.url, each.is_default) for each in found.domains]


@pytest.fixture
def house(catalog: Catalog) -> House:
    return House(catalog)


async def test_one_of_each_kind_is_the_default(house: House) -> None:
    await house.add("rtmp://in.example.org")
    first = await house.add("https://A.example.org/")
    await house.add("https://b.example.org")
    await house.add("https://c.example.org", is_default=False)
    assert await house.listed() == [
        ("rtmp://in.example.org", True),
        ("https://a.example.org", False),
        ("https://b.example.org", True),
        ("https://c.example.org", False),
    ]
    ask = UpdateDomain(tenant=TENANT, domain=first.id, is_default=True)
    assert (await house.answers.update(ask)).is_default
    assert [each for each, is_default in await house.listed() if is_default] == [
        "rtmp://in.example.org",
        "https://a.example.org",
    ]
    ask = UpdateDomain(tenant=TENANT, domain=first.id, is_default=False)
    assert not (await house.answers.update(ask)).is_default
    assert ("https://a.example.org", False) in await house.listed()


async def test_address_is_changed_and_the_domain_deleted(house: House) -> None:
    domain = await house.add("https://a.example.org")
    ask = UpdateDomain(tenant=TENANT, domain=domain.id, url="https://b.example.org")
    assert await house.answers.update(ask) == domain.model_copy(
        update={"url": "https://b.example.org"}
    )
    assert await house.answers.update(ask), "to what it is already"
    await house.answers.delete(DeleteDomain(tenant=TENANT, domain=domain.id))
    assert await house.listed() == []
    with pytest.raises(DomainUnknown):
        await house.answers.delete(DeleteDomain(tenant=TENANT, domain=domain.id))


async def test_address_is_of_its_kind_and_there_once(house: House) -> None:
    domain = await house.add("https://a.example.org")
    other = await house.add("https://b.example.org")
    with pytest.raises(DomainExists):
        await house.add("HTTPS://a.example.org")
    with pytest.raises(DomainExists):
        await house.answers.update(UpdateDomain(tenant=TENANT, domain=other.id, url=domain.url))
    with pytest.raises(DomainInvalid):
        await house.answers.update(
            UpdateDomain(tenant=TENANT, domain=other.id, url="rtmp://a.example.org")
        )
    assert await house.listed() == [
        ("https://a.example.org", False),
        ("https://b.example.org", True),
    ]


async def test_domains_are_the_tenants_own(house: House) -> None:
    row = {"id": "acme", "created_at": house.catalog.clock()}
    async with house.catalog.database.transaction() as tx:
        await tx.execute(insert(TenantRow).values(row))
    own = await house.add("https://a.example.org")
    await house.add("https://a.example.org", tenant="acme")
    assert await house.listed("acme") == [("https://a.example.org", True)]
    assert await house.listed() == [("https://a.example.org", True)]
    with pytest.raises(DomainUnknown):
        await house.answers.update(UpdateDomain(tenant="acme", domain=own.id, is_default=False))
    with pytest.raises(TenantUnknown):
        await house.add("https://a.example.org", tenant="nobody")


async def test_there_are_not_too_many(house: House) -> None:
    for number in range(MAX_DOMAINS):
        await house.add(f"https://{number}.example.org")
    with pytest.raises(DomainsTooMany):
        await house.add("https://last.example.org")


async def test_two_at_once_leave_one_default(house: House) -> None:
    urls = [f"https://{number}.example.org" for number in range(4)]
    answers = await asyncio.gather(*(house.add(url) for url in urls), return_exceptions=True)
    assert not [each for each in answers if isinstance(each, BaseException)]
    assert sum(is_default for _, is_default in await house.listed()) == 1
