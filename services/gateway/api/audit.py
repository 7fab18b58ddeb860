"""`/api/v1/audit`: who did what through the API."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from libs.events import AuditEntry, AuditPage, ListAudit
from libs.events.access import MAX_USER_NAME
from libs.events.audit import MAX_TARGET, PAGE_AUDIT, Outcome
from libs.permissions import Permission
from services.gateway.api.auth import TheCaller, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.jobs import After

router = APIRouter(tags=["audit"], dependencies=[needs(Permission.AUDIT_READ)])
_COLUMNS = tuple(name for name in AuditEntry.model_fields if name != "tenant")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def _wanted(
    caller: TheCaller,
    actor_name: Annotated[str | None, Query(max_length=MAX_USER_NAME)] = None,
    outcome: Outcome | None = None,
    under: Annotated[str | None, Query(max_length=MAX_TARGET)] = None,
    from_at: AwareDatetime | None = None,
    until_at: AwareDatetime | None = None,
) -> ListAudit:
    """`under`: what the route begins with, such as `/api/v1/streams`."""
    return ListAudit(
        tenant=caller.tenant,
        actor_name=actor_name,
        outcome=outcome,
        under=under,
        from_at=from_at,
        until_at=until_at,
    )


Wanted = Annotated[ListAudit, Depends(_wanted)]


@router.get("/audit")
async def list_audit(
    house: TheHouse,
    wanted: Wanted,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_AUDIT)] = PAGE_AUDIT,
) -> AuditPage:
    """A page of the audit log, newest first: every write through the API, also one that was
    refused, and every login. Entries are here within seconds.
    """
    return await house.catalog.ask(wanted.model_copy(update={"after": after, "limit": limit}))


@router.get(
    "/audit.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def download_audit(house: TheHouse, wanted: Wanted) -> StreamingResponse:
    """The same as CSV (RFC 4180), all of it."""
    first = await house.catalog.ask(wanted)
    headers = {"content-disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(
        _lines(first, wanted, house), media_type="text/csv; charset=utf-8", headers=headers
    )


async def _lines(page: AuditPage, wanted: ListAudit, house: House) -> AsyncIterator[str]:
    yield _written([_COLUMNS])
    while True:
        yield _written(map(_row, page.entries))
        if page.next_after is None:
            return
        page = await house.catalog.ask(wanted.model_copy(update={"after": page.next_after}))


def _row(entry: AuditEntry) -> list[str]:
    return [_cell(getattr(entry, name)) for name in _COLUMNS]


def _cell(value: object) -> str:
    """No spreadsheet takes it for a formula: names come from whoever tried to sign in."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _written(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
