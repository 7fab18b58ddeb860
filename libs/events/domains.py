"""Domains: under which addresses a tenant's streams are pushed to and watched."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from libs.domain_url import MAX_CHARS, DomainKind
from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message


class DomainsChanged(Message):
    """Other addresses than before may stand in the URLs of this tenant's streams."""

    name: ClassVar[str] = "domains.changed"

    tenant: str
    changed_at: datetime

    def natural_key(self) -> str:
        return f"{self.tenant}:{self.changed_at.isoformat()}"

    def about(self) -> str:
        return self.tenant


class Domain(Answer):
    id: str
    kind: DomainKind
    """`push`: publishers reach it by RTMP; `pull`: viewers do by HTTP."""
    url: str
    """`rtmp://push.example.org`, `https://live.example.org:8443`: no path."""
    is_default: bool
    """Whether it stands in the URLs that are shown; at most one of a kind does."""
    created_at: datetime


class Domains(Answer):
    domains: tuple[Domain, ...]


class ListDomains(Ask[Domains]):
    """All of a tenant, oldest first."""

    name: ClassVar[str] = "catalog.domain.list"
    answer: ClassVar[type[Answer]] = Domains

    tenant: str


class CreateDomain(Ask[Domain]):
    """Errors: `domain_invalid`, `domain_exists`, `domains_too_many`, `tenant_unknown`."""

    name: ClassVar[str] = "catalog.domain.create"
    answer: ClassVar[type[Answer]] = Domain

    tenant: str
    kind: DomainKind
    url: str = Field(max_length=MAX_CHARS)
    is_default: bool = False


class UpdateDomain(Ask[Domain]):
    """Set what is not None. Errors: as for create, and `domain_unknown`."""

    name: ClassVar[str] = "catalog.domain.update"
    answer: ClassVar[type[Answer]] = Domain

    tenant: str
    domain: str
    url: str | None = Field(default=None, max_length=MAX_CHARS)
    is_default: bool | None = None


class DeleteDomain(Ask[Nothing]):
    """Errors: `domain_unknown`."""

    name: ClassVar[str] = "catalog.domain.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    domain: str
