"""The audit log: who did what through the API, and what came of it."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from libs.events.asks import Answer, Ask
from libs.events.envelope import Message

ActorKind = Literal["user", "api_key", "access_key", "nobody"]
Outcome = Literal["done", "refused", "failed"]
PAGE_AUDIT = 500
MAX_ENTRIES = 100
"""Of one fact: each has a few hundred bytes."""
MAX_TARGET = 400


class AuditEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """Of the request: also the header `x-request-id` of its answer."""
    tenant: str
    at: datetime
    actor_kind: ActorKind
    actor: str
    """Id of the user or key; empty for the owner of the settings and for nobody."""
    actor_name: str
    """Of a login that failed: the name that was tried."""
    address: str
    method: str
    route: str
    """As the reference writes it, with names of parameters."""
    target: str
    """What it was about: the path as it was sent, without its query."""
    status: int
    outcome: Outcome
    """`refused`: the caller's mistake, or not allowed; `failed`: ours."""
    trace_id: str = ""
    """Of the caller's own trace, if it sent a `traceparent`."""


class AuditRecorded(Message):
    """Requests that were answered, in order."""

    name: ClassVar[str] = "audit.recorded"

    entries: tuple[AuditEntry, ...] = Field(min_length=1, max_length=MAX_ENTRIES)

    def natural_key(self) -> str:
        return f"{self.entries[0].id}:{len(self.entries)}"

    def about(self) -> str:
        return self.entries[0].id


class AuditPage(Answer):
    entries: tuple[AuditEntry, ...]
    next_after: str | None = None


class ListAudit(Ask[AuditPage]):
    """A page, newest first."""

    name: ClassVar[str] = "catalog.audit.list"
    answer: ClassVar[type[Answer]] = AuditPage

    tenant: str
    actor_name: str | None = None
    outcome: Outcome | None = None
    under: str | None = None
    """What the route begins with."""
    from_at: datetime | None = None
    until_at: datetime | None = None
    after: str | None = None
    limit: int = Field(default=PAGE_AUDIT, ge=1, le=PAGE_AUDIT)
