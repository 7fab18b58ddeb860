"""What IP cameras note is kept."""

from sqlalchemy import select

from libs.events import NoteCameraClip
from libs.names import DEFAULT_TENANT
from services.catalog.models import CameraClipRow
from tests.integration.catalog.conftest import Catalog


async def test_each_note_is_a_row(catalog: Catalog) -> None:
    ask = NoteCameraClip(
        tenant=DEFAULT_TENANT, client="client", device="device", stream="cam-1",
        begin_ms=1_767_323_045_000, end_ms=1_767_323_065_000, duration_s=20,
    )  # fmt: skip
    await catalog.answers.note_camera_clip(ask)
    await catalog.answers.note_camera_clip(ask)
    async with catalog.database.transaction(read_only=True) as tx:
        rows = (await tx.execute(select(CameraClipRow))).scalars().all()
    assert len({row.id for row in rows}) == 2
    assert {(row.device_id, row.end_ms, row.noted_at) for row in rows} == {
        ("device", ask.end_ms, catalog.clock.now)
    }
