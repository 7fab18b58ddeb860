"""What is answered of tenants."""

from libs.events import (
    CreateTenant,
    CreateUser,
    GetTenant,
    GetTenantUsage,
    ListTenants,
    MadeTenant,
    Role,
    Tenant,
    Tenants,
    TenantUsage,
    UpdateTenant,
)
from services.catalog import publishing, tenants, users
from services.catalog.clock import Clock
from services.catalog.database import Database


class TenantAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, ask: CreateTenant) -> MadeTenant:
        owner = CreateUser(
            tenant=ask.id,
            user_name=ask.owner_name,
            role=Role.OWNER,
            password_hash=ask.password_hash,
        )
        now = self._clock()
        async with self._database.transaction() as tx:
            tenant = await tenants.create(tx, ask, now=now)
            return MadeTenant(tenant=tenant, owner=await users.create(tx, owner, now=now))

    async def get(self, ask: GetTenant) -> Tenant:
        async with self._database.transaction(read_only=True) as tx:
            return await tenants.get(tx, ask.id)

    async def list(self, ask: ListTenants) -> Tenants:
        async with self._database.transaction(read_only=True) as tx:
            return await tenants.list_page(tx, ask)

    async def update(self, ask: UpdateTenant) -> Tenant:
        now = self._clock()
        async with self._database.transaction() as tx:
            tenant = await tenants.update(tx, ask, now=now)
            if ask.is_disabled:
                await publishing.kick_all(tx, ask.id, now=now)
            return tenant

    async def usage(self, ask: GetTenantUsage) -> TenantUsage:
        async with self._database.transaction(read_only=True) as tx:
            return await tenants.usage_of(tx, ask, now=self._clock())
