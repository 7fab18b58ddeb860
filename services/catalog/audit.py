"""The audit log: kept for a while, read by pages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import AuditEntry, AuditPage, AuditRecorded, ListAudit
from services.catalog import page
from services.catalog.clock import Clock
from services.catalog.database import Database, insert_all_new
from services.catalog.errors import CursorInvalid
from services.catalog.looks import look_every
from services.catalog.models import AuditRow

EVERY_S = 600.0
BATCH = 2000

log = structlog.get_logger()


async def record(tx: AsyncSession, facts: Sequence[AuditRecorded]) -> None:
    """Each entry once, however often it is said."""
    entries = [entry for fact in facts for entry in fact.entries]
    rows = [entry.model_dump(exclude={"tenant"}) | {"tenant_id": entry.tenant} for entry in entries]
    await insert_all_new(tx, AuditRow, rows)


async def list_page(tx: AsyncSession, ask: ListAudit) -> AuditPage:
    query = select(AuditRow).where(AuditRow.tenant_id == ask.tenant)
    if ask.actor_name is not None:
        query = query.where(AuditRow.actor_name == ask.actor_name)
    if ask.outcome is not None:
        query = query.where(AuditRow.outcome == ask.outcome)
    if ask.under is not None:
        query = query.where(AuditRow.route.startswith(ask.under, autoescape=True))
    if ask.from_at is not None:
        query = query.where(AuditRow.at >= ask.from_at)
    if ask.until_at is not None:
        query = query.where(AuditRow.at < ask.until_at)
    if ask.after is not None:
        at, seq = _read_cursor(ask.after)
        query = query.where(tuple_(AuditRow.at, AuditRow.seq) < (at, seq))
    query = query.order_by(AuditRow.at.desc(), AuditRow.seq.desc()).limit(ask.limit + 1)
    rows = (await tx.execute(query)).scalars().all()
    entries, has_more = page.fit((_of(row) for row in rows), ask.limit)
    last = rows[len(entries) - 1] if has_more else None
    after = page.write_cursor(last.at, str(last.seq)) if last is not None else None
    return AuditPage(entries=entries, next_after=after)


def _read_cursor(after: str) -> tuple[datetime, int]:
    at, seq = page.read_cursor(after)
    if not seq.isdecimal():
        raise CursorInvalid("`after` must be the `next_after` of an earlier page.")
    return at, int(seq)


def _of(row: AuditRow) -> AuditEntry:
    said = {name: getattr(row, name) for name in AuditEntry.model_fields if name != "tenant"}
    return AuditEntry.model_validate(said | {"tenant": row.tenant_id})


class OldAudit:
    """Forgets entries that are old enough."""

    def __init__(self, database: Database, clock: Clock, *, days: float) -> None:
        self._database = database
        self._clock = clock
        self._kept = timedelta(days=days)

    async def run(self) -> NoReturn:
        await look_every(EVERY_S, self.tick, "old-audit")

    async def tick(self) -> int:
        """Look once; returns how many went. Raises `Unavailable`."""
        before, gone = self._clock() - self._kept, 0
        while True:
            async with self._database.transaction() as tx:
                oldest = select(AuditRow.seq).where(AuditRow.at < before).limit(BATCH)
                old = (await tx.execute(oldest)).scalars().all()
                await tx.execute(delete(AuditRow).where(AuditRow.seq.in_(old)))
            gone += len(old)
            if len(old) < BATCH:
                break
        if gone:
            log.info("audit.forgotten", entries=gone)
        return gone
