"""What live playlists may list: it stays as it is, whatever becomes of older rows."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog.models import SessionRow

LISTED_AT_LEAST = timedelta(seconds=10)
"""Beside twice the longest live playlist: what is newer stays, however little room there is."""


async def listed_since(tx: AsyncSession, now: datetime) -> datetime:
    """No live playlist lists a row that starts earlier."""
    longest = select(func.max(SessionRow.playlist_segments * SessionRow.segment_s)).where(
        SessionRow.ended_at.is_(None)
    )
    listed_s = (await tx.execute(longest)).scalar_one() or 0
    return now - LISTED_AT_LEAST - timedelta(seconds=2 * listed_s)
