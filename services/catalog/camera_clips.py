"""The notes of IP cameras: what each says that it has pushed, and when each was seen."""

import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import NoteCameraClip
from services.catalog.database import insert_new
from services.catalog.models import CameraClipRow, CameraDeviceRow


async def note(tx: AsyncSession, ask: NoteCameraClip, *, now: datetime) -> None:
    tx.add(
        CameraClipRow(
            id=str(uuid.uuid4()),
            tenant_id=ask.tenant,
            client_id=ask.client,
            device_id=ask.device,
            stream_id=ask.stream,
            begin_ms=ask.begin_ms,
            end_ms=ask.end_ms,
            duration_s=ask.duration_s,
            noted_at=now,
        )
    )
    await tx.flush()
    await _note_device(tx, ask, now=now)


async def _note_device(tx: AsyncSession, ask: NoteCameraClip, *, now: datetime) -> None:
    """It was seen, and whose it is may be another's now."""
    device = {"tenant_id": ask.tenant, "device_id": ask.device, "stream_id": ask.stream}
    first = {"client_id": ask.client, "notes": 1, "noted_at": now}
    if await insert_new(tx, CameraDeviceRow, device | first):
        return
    await tx.execute(
        update(CameraDeviceRow)
        .filter_by(**device)
        .values(client_id=ask.client, notes=CameraDeviceRow.notes + 1, noted_at=now)
    )
