"""What is answered of domains."""

from libs.events import (
    CreateDomain,
    DeleteDomain,
    Domain,
    Domains,
    ListDomains,
    Nothing,
    UpdateDomain,
)
from services.catalog import domains
from services.catalog.clock import Clock
from services.catalog.database import Database


class DomainAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, ask: ListDomains) -> Domains:
        async with self._database.transaction(read_only=True) as tx:
            return await domains.list_of(tx, ask.tenant)

    async def create(self, ask: CreateDomain) -> Domain:
        async with self._database.transaction() as tx:
            return await domains.create(tx, ask, now=self._clock())

    async def update(self, ask: UpdateDomain) -> Domain:
        async with self._database.transaction() as tx:
            return await domains.change(tx, ask, now=self._clock())

    async def delete(self, ask: DeleteDomain) -> Nothing:
        async with self._database.transaction() as tx:
            await domains.delete(tx, ask, now=self._clock())
        return Nothing()
