"""Devices as the catalog knows them: by what they noted, and by streams that were made for them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from libs.events import CreateStream, Device, ListDevices, NoteCameraClip
from libs.names import DEFAULT_TENANT
from services.catalog.models import HoldRow, TenantRow
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, Said

pytestmark = pytest.mark.integration


async def note(catalog: Catalog, device: str, stream: str, **more: Any) -> None:
    facts = {"tenant": DEFAULT_TENANT, "client": "lobby"} | more
    catalog.clock.pass_s(1)
    await catalog.answers.note_camera_clip(
        NoteCameraClip(
            device=device, stream=stream, begin_ms=1, end_ms=20_001, duration_s=20, **facts
        )
    )


async def make(catalog: Catalog, stream: str, **item: Any) -> None:
    await catalog.answers.create_stream(CreateStream(tenant=DEFAULT_TENANT, id=stream, item=item))


async def listed(catalog: Catalog, **more: Any) -> tuple[Device, ...]:
    ask = ListDevices(**{"tenant": DEFAULT_TENANT} | more)
    return (await catalog.answers.list_devices(ask)).devices


async def test_camera_is_one_device_for_each_stream(catalog: Catalog) -> None:
    await make(catalog, "door")
    await note(catalog, "camera-7", "door")
    await note(catalog, "camera-7", "Lobby #1")
    await note(catalog, "camera-7", "door", client="porter")
    assert await listed(catalog) == (
        Device(
            id="camera-7", api="ip_camera", client="porter", stream="door", has_stream=True,
            seen_at=catalog.clock.now, notes=2, motion_clips=0,
        ),
        Device(
            id="camera-7", api="ip_camera", client="lobby", stream="Lobby #1", has_stream=False,
            seen_at=catalog.clock.now - timedelta(seconds=1), notes=1, motion_clips=0,
        ),
    )  # fmt: skip


async def test_stream_made_for_putting_media_is_a_device(catalog: Catalog) -> None:
    await make(catalog, "obs")
    await make(catalog, "new", DataRetentionInHours=24, DeviceName="phone")
    await make(catalog, "seen", DataRetentionInHours=0)
    said = Said(await catalog.open("seen"))
    await catalog.facts.stream_published(said.published())
    await catalog.facts.stream_unpublished(said.unpublished())
    await _keep_motion(catalog, "seen")
    first, second = await listed(catalog)
    assert (first.id, first.api, first.stream) == ("seen", "kinesis", "seen")
    assert first.seen_at == said.unpublished().ended_at
    assert first.motion_clips == 1
    assert (second.id, second.stream, second.seen_at) == ("phone", "new", None)


async def test_list_is_cut_at_its_limit(catalog: Catalog) -> None:
    for number in range(3):
        await note(catalog, f"camera-{number}", "door")
    ask = ListDevices(tenant=DEFAULT_TENANT, limit=2)
    found = await catalog.answers.list_devices(ask)
    assert [each.id for each in found.devices] == ["camera-2", "camera-1"]
    assert found.is_cut


async def test_another_tenants_devices_are_not_seen(catalog: Catalog) -> None:
    async with catalog.database.transaction() as tx:
        row = {"id": "acme", "created_at": catalog.clock()}
        await tx.execute(insert(TenantRow).values(row))
    await make(catalog, "door")
    await note(catalog, "camera-7", "door", tenant="acme")
    assert await listed(catalog) == ()
    [theirs] = await listed(catalog, tenant="acme")
    assert not theirs.has_stream


async def test_stream_that_a_camera_notes_is_that_camera_only(catalog: Catalog) -> None:
    await make(catalog, "door", DataRetentionInHours=24, DeviceName="phone")
    assert [(each.id, each.api) for each in await listed(catalog)] == [("phone", "kinesis")]
    await note(catalog, "camera-7", "door")
    assert [(each.id, each.api) for each in await listed(catalog)] == [("camera-7", "ip_camera")]


async def test_one_that_pushes_is_listed_before_newer_ones(catalog: Catalog) -> None:
    for stream in ("old", "new", "newest"):
        catalog.clock.pass_s(1)
        await make(catalog, stream, DataRetentionInHours=24)
    said = Said(await catalog.open("old"))
    await catalog.facts.stream_published(said.published())
    first, second = await listed(catalog, limit=2)
    assert (first.id, first.seen_at) == ("old", said.published().started_at)
    assert (second.id, second.seen_at) == ("newest", None)


async def _keep_motion(catalog: Catalog, stream: str) -> None:
    """An event of motion with its clip, one that still goes on, and a hold that is none."""
    span = {"from_at": START, "guards_from_at": START, "until_at": START + timedelta(seconds=8)}
    events: tuple[tuple[str, str | None], ...] = (
        ("motion", "remux-1"), ("motion", None), ("clip", "remux-2"),
    )  # fmt: skip
    for number, (cause, job) in enumerate(events):
        row = {
            "id": f"hold-{number}", "tenant_id": DEFAULT_TENANT, "stream_id": stream,
            "cause": cause, "note": "", "created_at": START, "job_id": job,
        }  # fmt: skip
        async with catalog.database.transaction() as tx:
            await tx.execute(insert(HoldRow).values(row | span))
