"""The notes of IP cameras: what each says that it has pushed."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import NoteCameraClip
from services.catalog.models import CameraClipRow


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
