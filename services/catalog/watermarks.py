"""Forensic watermarks of sessions: a secret for each, and everybody who was served it."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    GetWatermark,
    ListWatermarked,
    NoteWatermarked,
    Watermark,
    WatermarkedViewer,
    WatermarkedViewers,
)
from libs.forensic.code import KEY_BYTES
from services.catalog.database import insert_new
from services.catalog.errors import SessionNotWatermarked, SessionUnknown
from services.catalog.models import SessionRow, WatermarkedViewerRow, WatermarkRow


async def make(tx: AsyncSession, tenant: str, session: str, *, now: datetime) -> None:
    """Give a session its secret, before anything of it is encoded; once."""
    values = {
        "session_id": session,
        "tenant_id": tenant,
        "key": secrets.token_hex(KEY_BYTES),
        "created_at": now,
    }
    await insert_new(tx, WatermarkRow, values)


async def get(tx: AsyncSession, ask: GetWatermark) -> Watermark:
    """Raises `SessionUnknown`."""
    row = await _find(tx, ask.tenant, ask.session)
    if row is None:
        session = await tx.get(SessionRow, ask.session)
        if session is None or session.tenant_id != ask.tenant:
            raise SessionUnknown(f"There is no session {ask.session}.")
    return Watermark(key=row.key if row else None)


async def has(tx: AsyncSession, tenant: str, session: str) -> bool:
    return await _find(tx, tenant, session) is not None


async def note(tx: AsyncSession, ask: NoteWatermarked, *, now: datetime) -> None:
    """Raises `SessionNotWatermarked`."""
    await _know(tx, ask.tenant, ask.session)
    values = {
        "session_id": ask.session,
        "viewer": ask.viewer,
        "tenant_id": ask.tenant,
        "first_at": now,
    }
    await insert_new(tx, WatermarkedViewerRow, values)


async def list_viewers(tx: AsyncSession, ask: ListWatermarked) -> WatermarkedViewers:
    """Raises `SessionNotWatermarked`."""
    await _know(tx, ask.tenant, ask.session)
    query = (
        select(WatermarkedViewerRow)
        .where(
            WatermarkedViewerRow.session_id == ask.session,
            WatermarkedViewerRow.viewer > ask.after,
        )
        .order_by(WatermarkedViewerRow.viewer)
        .limit(ask.limit + 1)
    )
    rows = (await tx.execute(query)).scalars().all()
    page = rows[: ask.limit]
    return WatermarkedViewers(
        viewers=tuple(WatermarkedViewer(viewer=row.viewer, first_at=row.first_at) for row in page),
        next_after=page[-1].viewer if len(rows) > ask.limit else None,
    )


async def _know(tx: AsyncSession, tenant: str, session: str) -> WatermarkRow:
    row = await _find(tx, tenant, session)
    if row is None:
        raise SessionNotWatermarked(
            f"Session {session} has no watermark: nothing tells whom a copy of it was served."
        )
    return row


async def _find(tx: AsyncSession, tenant: str, session: str) -> WatermarkRow | None:
    row = await tx.get(WatermarkRow, session)
    return row if row is not None and row.tenant_id == tenant else None
