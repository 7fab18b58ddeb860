"""The outbox: what became true in a transaction is queued in it, and said after its commit."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from pydantic import ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.bus import tracing
from libs.errors import WeirError
from libs.events import CHAT_FACTS, FACTS, ORDERS, DeadLetter, Message
from services.catalog import dead_letters, metrics
from services.catalog.database import Database, fills_outbox, insert_new, insert_new_of
from services.catalog.models import OutboxRow

log = structlog.get_logger()

BATCH = 100
IDLE_S = 10.0
"""Looked at again after this long, even when this process has queued nothing: another catalog may
have died before it said what it had queued."""
MIN_BACK_OFF_S, MAX_BACK_OFF_S = 0.25, 5.0

_TYPES: dict[str, type[Message]] = {kind.name: kind for kind in (*FACTS, *CHAT_FACTS, *ORDERS)}


class Queued(NamedTuple):
    message: Message
    tenant: str
    traceparent: str | None = None


async def add(
    tx: AsyncSession,
    message: Message,
    *,
    tenant: str,
    now: datetime,
    traceparent: str | None = None,
) -> None:
    """Queue a message, once. It is said in the trace given, or else in the current one."""
    if await insert_new(tx, OutboxRow, _values(Queued(message, tenant, traceparent), now)):
        fills_outbox(tx)


async def add_all(tx: AsyncSession, queued: Sequence[Queued], *, now: datetime) -> None:
    """The same of many."""
    if not queued:
        return
    rows = [_values(each, now) for each in queued]
    if await insert_new_of(tx, OutboxRow, rows, ("message_id",)):
        fills_outbox(tx)


def _values(queued: Queued, now: datetime) -> dict[str, Any]:
    message = queued.message
    return {
        "tenant_id": queued.tenant,
        "message_id": f"{message.name}:{message.natural_key()}",
        "type": message.name,
        "data": message.model_dump(mode="json"),
        "traceparent": queued.traceparent or tracing.traceparent(),
        "created_at": now,
    }


class OutboxRelay:
    """Says the queued messages in order, and forgets each once the bus has acknowledged it.

    A message may be said twice (a crash between the two, two catalogs at once): the bus drops
    the second by its id, and every handler can bear it.
    """

    def __init__(self, database: Database, publish: Callable[[Message], Awaitable[None]]) -> None:
        self._database = database
        self._publish = publish

    async def run(self) -> None:
        back_off_s = MIN_BACK_OFF_S
        while True:
            self._database.outbox_filled.clear()
            try:
                is_empty = await self.say_batch() < BATCH
            except WeirError as error:
                if not error.retry:
                    raise
                log.warning("outbox.waiting", code=error.code, for_s=back_off_s)
                await asyncio.sleep(back_off_s)
                back_off_s = min(back_off_s * 2, MAX_BACK_OFF_S)
                continue
            back_off_s = MIN_BACK_OFF_S
            if is_empty:
                await self._wait()

    async def say_batch(self) -> int:
        """Say the oldest messages; returns how many. Raises what the bus or database raise."""
        async with self._database.transaction(read_only=True) as tx:
            query = select(OutboxRow).order_by(OutboxRow.seq).limit(BATCH)
            rows = list((await tx.execute(query)).scalars())
            pending = (await tx.execute(select(func.count()).select_from(OutboxRow))).scalar_one()
        metrics.OUTBOX_PENDING.set(pending)
        done: list[int] = []
        try:
            for row in rows:
                await self._say(row)
                done.append(row.seq)
        finally:
            if done:
                async with self._database.transaction() as tx:
                    await tx.execute(delete(OutboxRow).where(OutboxRow.seq.in_(done)))
                metrics.OUTBOX_PENDING.set(pending - len(done))
        return len(rows)

    async def _say(self, row: OutboxRow) -> None:
        """Say one message. One that can never be said is buried, so that the others can."""
        try:
            message = _TYPES[row.type].model_validate(row.data)
            with tracing.within(row.traceparent):
                await self._publish(message)
        except (KeyError, ValidationError, WeirError) as error:
            if isinstance(error, WeirError) and error.retry:
                raise
            log.exception("outbox.buried", message_id=row.message_id)
            await self._bury(row, error)

    async def _bury(self, row: OutboxRow, error: Exception) -> None:
        letter = DeadLetter(
            id=f"outbox:{row.message_id}",
            subject=row.type,
            consumer="outbox",
            code=error.code if isinstance(error, WeirError) else "outbox_message_invalid",
            reason=str(error),
            deliveries=1,
            buried_at=datetime.now(UTC),
            body=json.dumps(row.data),
        )
        async with self._database.transaction() as tx:
            await dead_letters.add(tx, letter, tenant=row.tenant_id)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                await self._database.outbox_filled.wait()
        except TimeoutError:
            return
