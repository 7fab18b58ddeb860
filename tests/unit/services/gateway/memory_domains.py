"""Domains of a catalog that lives in memory."""

from datetime import UTC, datetime
from typing import Any

from libs.domain_url import DomainKind, check_domain_url
from libs.events import (
    Answer,
    Ask,
    CreateDomain,
    DeleteDomain,
    Domain,
    Domains,
    ListDomains,
    Nothing,
    UpdateDomain,
)
from tests.unit.services.gateway.memory_access import refusal

MADE_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class MemoryDomains:
    def __init__(self) -> None:
        self.of_tenants: dict[str, list[Domain]] = {}

    def answer(self, ask: Ask[Any]) -> Answer | None:
        """None: it is about something else."""
        match ask:
            case ListDomains():
                return Domains(domains=tuple(self._of(ask.tenant)))
            case CreateDomain():
                known = self._of(ask.tenant)
                made = Domain(
                    id=f"domain-{len(known):016x}",
                    kind=ask.kind,
                    url=check_domain_url(ask.kind, ask.url),
                    is_default=ask.is_default,
                    created_at=MADE_AT,
                )
                return self._keep(ask.tenant, made)
            case UpdateDomain():
                old = self._known(ask.tenant, ask.domain)
                said = {"url": ask.url, "is_default": ask.is_default}
                given = {name: value for name, value in said.items() if value is not None}
                return self._keep(ask.tenant, old.model_copy(update=given))
            case DeleteDomain():
                self._of(ask.tenant).remove(self._known(ask.tenant, ask.domain))
                return Nothing()
        return None

    def default_of(self, tenant: str, kind: DomainKind) -> str | None:
        known = [each for each in self._of(tenant) if each.kind == kind and each.is_default]
        return known[0].url if known else None

    def _of(self, tenant: str) -> list[Domain]:
        return self.of_tenants.setdefault(tenant, [])

    def _keep(self, tenant: str, domain: Domain) -> Domain:
        others = [each for each in self._of(tenant) if each.id != domain.id]
        if domain.is_default:
            others = [
                each.model_copy(update={"is_default": False}) if each.kind == domain.kind else each
                for each in others
            ]
        self.of_tenants[tenant] = [*others, domain]
        return domain

    def _known(self, tenant: str, domain: str) -> Domain:
        for each in self._of(tenant):
            if each.id == domain:
                return each
        raise refusal("domain_unknown", 404)
