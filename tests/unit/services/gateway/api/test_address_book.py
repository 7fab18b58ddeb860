"""The addresses of tenants: asked for once, and again when they may be others."""

import asyncio
from typing import Any

import pytest

from libs.events import CreateDomain, ListDomains
from services.gateway.api.address_book import FRESH_S, AddressBook
from tests.unit.services.gateway.conftest import settings_of
from tests.unit.services.gateway.memory_domains import MemoryDomains

NEW = CreateDomain(tenant="north", kind="pull", url="https://live.example.org", is_default=True)


class Catalog:
    """Counts what it is asked; holds answers back while `held` is closed."""

    def __init__(self) -> None:
        self.domains = MemoryDomains()
        self.asked: list[str] = []
        self.held = asyncio.Event()
        self.held.set()

    async def ask(self, ask: Any, *, timeout_s: float = 5) -> Any:
        assert isinstance(ask, ListDomains)
        self.asked.append(ask.tenant)
        answer = self.domains.answer(ask)
        await self.held.wait()
        return answer


class Books:
    def __init__(self) -> None:
        self.catalog = Catalog()
        self.now = 100.0
        self.book = AddressBook(self.catalog, settings_of(), clock=lambda: self.now)


@pytest.fixture
async def books() -> Books:
    return Books()


async def test_each_tenant_is_asked_of_once_in_a_while(books: Books) -> None:
    for _ in range(3):
        assert (await books.book.of("north")).pull == "http://weir.test"
    await books.book.of("south")
    assert books.catalog.asked == ["north", "south"]
    books.now += FRESH_S
    await books.book.of("north")
    assert books.catalog.asked == ["north", "south", "north"]


async def test_change_is_seen_at_once_by_whose_it_is(books: Books) -> None:
    await books.book.of("north")
    await books.book.of("south")
    books.catalog.domains.answer(NEW)
    books.book.changed("north")
    assert (await books.book.of("north")).pull == "https://live.example.org"
    assert (await books.book.of("south")).pull == "http://weir.test"
    assert books.catalog.asked == ["north", "south", "north"]


async def test_answer_from_before_a_change_is_not_kept(books: Books) -> None:
    books.catalog.held.clear()
    early = asyncio.create_task(books.book.of("north"))
    await asyncio.sleep(0)
    assert books.catalog.asked == ["north"]
    books.catalog.domains.answer(NEW)
    books.book.changed("north")
    books.catalog.held.set()
    assert (await early).pull == "http://weir.test"
    assert (await books.book.of("north")).pull == "https://live.example.org"
