"""Deleting a recording: what retention does by age, now, to one session."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import DiscardSession, SessionDiscarded
from services.catalog import discards, sessions
from services.catalog.errors import HoldOfAsset, SessionNotOver, SessionUnknown

CAUSE = "deleted"
"""Of the gap that is left."""
GRACE = timedelta(seconds=60)
"""Who plays or downloads it now still gets what was listed."""


async def discard(tx: AsyncSession, ask: DiscardSession, *, now: datetime) -> SessionDiscarded:
    """One batch. Raises `SessionUnknown`, `SessionNotOver`, `HoldOfAsset`."""
    row = await sessions.get_locked(tx, ask.session)
    if row is None or row.tenant_id != ask.tenant:
        raise SessionUnknown(f"There is no session {ask.session[:64]!r}.")
    if row.ended_at is None:
        raise SessionNotOver("It is on air; delete it once it is over.")
    if row.cause in {None, "made"}:
        raise HoldOfAsset("These are the media of an asset; delete the asset.")
    taken = await discards.discard(
        tx,
        row.tenant_id,
        row.stream_id,
        before=now + GRACE,
        due_at=now + GRACE,
        session=row.id,
        cause=CAUSE,
    )
    return SessionDiscarded(size_bytes=taken.size_bytes, is_all=taken.is_all)
