"""Tenants of a catalog that lives in memory."""

from datetime import UTC, datetime
from typing import Any

from libs.events import (
    Answer,
    Ask,
    CreateTenant,
    GetTenant,
    GetTenantUsage,
    ListTenants,
    MadeTenant,
    Quotas,
    Role,
    Tenant,
    Tenants,
    TenantUsage,
    UpdateTenant,
    User,
)
from libs.names import DEFAULT_TENANT
from tests.unit.services.gateway.memory_access import refusal

MADE_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def tenant_of(tenant: str, quotas: Quotas | None = None, title: str = "") -> Tenant:
    return Tenant(
        id=tenant,
        title=title,
        created_at=MADE_AT,
        is_disabled=False,
        quotas=quotas or Quotas(),
    )


class MemoryTenants:
    def __init__(self) -> None:
        self.tenants = {DEFAULT_TENANT: tenant_of(DEFAULT_TENANT)}

    def answer(self, ask: Ask[Any]) -> Answer | None:
        """None: it is about something else."""
        match ask:
            case CreateTenant():
                self.tenants[ask.id] = tenant_of(ask.id, ask.quotas, ask.title)
                owner = User(
                    id="user-00000000000000aa",
                    tenant=ask.id,
                    name=ask.owner_name,
                    role=Role.OWNER,
                    is_disabled=False,
                    created_at=MADE_AT,
                )
                return MadeTenant(tenant=self.tenants[ask.id], owner=owner)
            case GetTenant():
                return self._known(ask.id)
            case ListTenants():
                return Tenants(tenants=tuple(self.tenants.values()))
            case UpdateTenant():
                known = self._known(ask.id)
                quotas = ask.quotas or Quotas()
                changed = known.quotas.model_copy(update=quotas.model_dump(exclude_unset=True))
                self.tenants[ask.id] = known.model_copy(update={"quotas": changed})
                return self.tenants[ask.id]
            case GetTenantUsage():
                return TenantUsage(
                    tenant=ask.id,
                    quotas=self._known(ask.id).quotas,
                    streams=2,
                    publishers=1,
                    storage_bytes=3000,
                    upload_bytes=1000,
                    job_minutes=1.5,
                    api_keys=0,
                    users=1,
                )
        return None

    def _known(self, tenant: str) -> Tenant:
        if tenant not in self.tenants:
            raise refusal("tenant_unknown", 404)
        return self.tenants[tenant]
