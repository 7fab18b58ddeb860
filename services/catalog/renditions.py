"""Renditions of a session: their codec configurations, and whether their last segment is listed."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import AssetAudio, RenditionEnded, RenditionStarted
from services.catalog import segments, sessions
from services.catalog.database import insert_new
from services.catalog.models import RenditionRow, SessionRow, TrackRow


async def started(
    tx: AsyncSession, fact: RenditionStarted, *, sound: AssetAudio | None = None
) -> None:
    """Apply the fact; `sound` is what is known of its sound. Raises `SessionNotYetKnown`,
    `FactContradicts`.
    """
    session = await sessions.lock(tx, fact.tenant, fact.stream, fact.session)
    row = await _row(tx, session, fact.rendition, fact.epoch)
    if sound is not None:
        row.language, row.label = sound.language, sound.label
    for track in fact.tracks:
        values = track.model_dump() | {
            "tenant_id": fact.tenant,
            "session_id": fact.session,
            "rendition": fact.rendition,
        }
        await insert_new(tx, TrackRow, values)


async def ended(tx: AsyncSession, fact: RenditionEnded) -> SessionRow:
    """Apply the fact. Raises `SessionNotYetKnown`, `FactContradicts`."""
    session = await sessions.lock(tx, fact.tenant, fact.stream, fact.session)
    row = await _row(tx, session, fact.rendition, fact.epoch)
    # A taker-over that found nothing left to cut must not hide what its predecessor cut.
    known = [msn for msn in (row.last_msn, fact.last_msn) if msn is not None]
    row.is_ended, row.last_msn = True, max(known, default=None)
    await tx.flush()
    return session


async def is_listed(tx: AsyncSession, session: SessionRow, rendition: str) -> bool:
    """Whether the rendition has ended, and its row or gap is there up to the last segment.

    The facts of both come by ways of their own, so the end may be heard first.
    """
    row = await tx.get(RenditionRow, (session.tenant_id, session.id, rendition))
    if row is None or not row.is_ended:
        return False
    return row.last_msn is None or await segments.reach(tx, session, rendition, row.last_msn)


async def _row(tx: AsyncSession, session: SessionRow, rendition: str, epoch: int) -> RenditionRow:
    key = (session.tenant_id, session.id, rendition)
    row = await tx.get(RenditionRow, key)
    if row is None:
        row = RenditionRow(
            tenant_id=session.tenant_id,
            session_id=session.id,
            rendition=rendition,
            stream_id=session.stream_id,
            epoch=epoch,
            is_ended=False,
        )
        tx.add(row)
    row.epoch = max(row.epoch, epoch)
    await tx.flush()
    return row
