"""How many may watch at once of all that a tenant has, as far as this gateway has heard."""

from collections.abc import Iterable

from libs.events import Tenant


class TenantLimits:
    """Bounded by the number of tenants that have a limit."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._limits)

    def learn(self, tenant: str, limit: int | None) -> None:
        if limit is None:
            self._limits.pop(tenant, None)
        else:
            self._limits[tenant] = limit

    def learn_all(self, tenants: Iterable[Tenant]) -> None:
        """The catalog's whole list."""
        for tenant in tenants:
            self.learn(tenant.id, tenant.quotas.viewers)

    def of(self, tenant: str) -> int | None:
        """None: any number."""
        return self._limits.get(tenant)
