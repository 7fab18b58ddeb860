"""Forgets what was said beside streams: after a while, but not before the pictures of its time."""

from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.looks import look_every
from services.catalog.models import ChatMessageRow, SegmentRow

log = structlog.get_logger()

EVERY_S = 600.0
BATCH = 500
NEAR = timedelta(minutes=1)
"""What was said so shortly before the first picture that is kept belongs to it."""


class OldMessages:
    def __init__(self, database: Database, clock: Clock, *, hours: float) -> None:
        self._database = database
        self._clock = clock
        self._kept = timedelta(hours=hours)

    async def run(self) -> NoReturn:
        await look_every(EVERY_S, self.tick, "old-messages")

    async def tick(self) -> int:
        """Look once; returns how many went. Raises `Unavailable`."""
        before, gone = self._clock() - self._kept, 0
        async with self._database.transaction(read_only=True) as tx:
            sessions = await _sessions(tx, before)
        for session in sessions:
            async with self._database.transaction(read_only=True) as tx:
                until = min(before, await _first_picture(tx, session) or before)
            gone += await self._forget(session, until)
        if gone:
            log.info("chat.forgotten", messages=gone)
        return gone

    async def _forget(self, session: str | None, until: datetime) -> int:
        """A batch at a time, so that nobody waits for long."""
        is_old: tuple[ColumnElement[bool], ...] = (
            ChatMessageRow.session_id == session,
            ChatMessageRow.said_at < until,
        )
        gone = BATCH
        count = 0
        while gone == BATCH:
            async with self._database.transaction() as tx:
                query = select(ChatMessageRow.id).where(*is_old).limit(BATCH)
                ids = (await tx.execute(query)).scalars().all()
                await tx.execute(delete(ChatMessageRow).where(ChatMessageRow.id.in_(ids)))
            gone = len(ids)
            count += gone
        return count


async def _sessions(tx: AsyncSession, before: datetime) -> list[str | None]:
    """Those beside which something was said so long ago; None among them: beside none."""
    query = select(ChatMessageRow.session_id).where(ChatMessageRow.said_at < before).distinct()
    return list((await tx.execute(query)).scalars())


async def _first_picture(tx: AsyncSession, session: str | None) -> datetime | None:
    """From when on what was said is kept with what was on air; None: nothing of it is there."""
    if session is None:
        return None
    query = select(func.min(SegmentRow.starts_at)).where(SegmentRow.session_id == session)
    first = (await tx.execute(query)).scalar_one()
    return None if first is None else first - NEAR
