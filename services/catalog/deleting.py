"""Deleting a recording: what retention does by age, now, to one session.

What one ask does not get done is marked, and goes on whatever becomes of who asked.
"""

from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import DiscardSession, SessionDiscarded
from services.catalog import discards, sessions
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import HoldOfAsset, SessionNotOver, SessionUnknown
from services.catalog.looks import look_every
from services.catalog.models import SessionRow

CAUSE = "deleted"
"""Of the gap that is left."""
GRACE = timedelta(seconds=60)
"""Who plays or downloads it now still gets what was listed."""
EVERY_S = 5.0


class Deleting:
    """Goes on with what was begun, a batch a transaction, so that nobody waits for long."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> NoReturn:
        await look_every(EVERY_S, self.tick, "deleting")

    async def tick(self) -> None:
        """Finish all that is marked. Raises `Unavailable`."""
        async with self._database.transaction(read_only=True) as tx:
            marked = select(SessionRow.id).where(SessionRow.deleting_since.is_not(None))
            found = list((await tx.execute(marked.order_by(SessionRow.deleting_since))).scalars())
        for session in found:
            while not await self._discard_batch(session):
                pass

    async def _discard_batch(self, session: str) -> bool:
        """Whether that was all."""
        async with self._database.transaction() as tx:
            row = await sessions.get_locked(tx, session)
            if row is None:
                return True
            return (await _discard(tx, row, self._clock())).is_all


async def discard(tx: AsyncSession, ask: DiscardSession, *, now: datetime) -> SessionDiscarded:
    """One batch. Raises `SessionUnknown`, `SessionNotOver`, `HoldOfAsset`."""
    row = await sessions.get_locked(tx, ask.session)
    if row is None or row.tenant_id != ask.tenant:
        raise SessionUnknown(f"There is no session {ask.session[:64]!r}.")
    if row.ended_at is None:
        raise SessionNotOver("It is on air; delete it once it is over.")
    if row.cause in {None, "made"}:
        raise HoldOfAsset("These are the media of an asset; delete the asset.")
    return await _discard(tx, row, now)


async def _discard(tx: AsyncSession, row: SessionRow, now: datetime) -> SessionDiscarded:
    taken = await discards.discard(
        tx,
        row.tenant_id,
        row.stream_id,
        before=now + GRACE,
        due_at=now + GRACE,
        session=row.id,
        cause=CAUSE,
    )
    row.deleting_since = None if taken.is_all else row.deleting_since or now
    return SessionDiscarded(size_bytes=taken.size_bytes, is_all=taken.is_all)
