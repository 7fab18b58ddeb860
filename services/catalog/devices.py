"""Devices, as far as what they noted and what was made for them tells."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import Device, Devices, ListDevices
from services.catalog.models import CameraDeviceRow, FileRow, PublishRow, StreamRow
from services.catalog.page import fit

_RETENTION = "DataRetentionInHours"
"""The field of an item that CreateStream of Kinesis Video Streams writes."""
_DEVICE_NAME = "DeviceName"
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


async def list_of(tx: AsyncSession, ask: ListDevices) -> Devices:
    found = [*await _cameras(tx, ask), *await _producers(tx, ask)]
    found.sort(key=lambda each: each.seen_at or _NEVER, reverse=True)
    devices, has_more = fit(found, ask.limit)
    motion = await _motion_clips(tx, ask.tenant, {each.stream for each in devices})
    told = tuple(
        each.model_copy(update={"motion_clips": motion.get(each.stream, 0)}) for each in devices
    )
    return Devices(devices=told, is_cut=has_more)


async def _cameras(tx: AsyncSession, ask: ListDevices) -> list[Device]:
    query = (
        select(CameraDeviceRow, StreamRow.id)
        .outerjoin(
            StreamRow,
            (StreamRow.id == CameraDeviceRow.stream_id)
            & (StreamRow.tenant_id == CameraDeviceRow.tenant_id),
        )
        .where(CameraDeviceRow.tenant_id == ask.tenant)
        .order_by(CameraDeviceRow.noted_at.desc(), CameraDeviceRow.device_id)
        .limit(ask.limit + 1)
    )
    return [
        Device(
            id=row.device_id,
            api="ip_camera",
            client=row.client_id,
            stream=row.stream_id,
            has_stream=known is not None,
            seen_at=row.noted_at,
            notes=row.notes,
            motion_clips=0,
        )
        for row, known in await tx.execute(query)
    ]


async def _producers(tx: AsyncSession, ask: ListDevices) -> list[Device]:
    query = (
        select(StreamRow)
        .where(
            StreamRow.tenant_id == ask.tenant,
            StreamRow.item[_RETENTION].as_string().is_not(None),
        )
        .order_by(StreamRow.created_at.desc(), StreamRow.id)
        .limit(ask.limit + 1)
    )
    rows = (await tx.execute(query)).scalars().all()
    seen = await _published(tx, ask.tenant, {row.id for row in rows})
    return [
        Device(
            id=str(row.item.get(_DEVICE_NAME) or row.id),
            api="kinesis",
            client="",
            stream=row.id,
            has_stream=True,
            seen_at=seen.get(row.id),
            notes=0,
            motion_clips=0,
        )
        for row in rows
    ]


async def _published(
    tx: AsyncSession, tenant: str, streams: Collection[str]
) -> dict[str, datetime]:
    """When each was last published, or ceased to be."""
    last = func.max(func.coalesce(PublishRow.ended_at, PublishRow.published_at))
    query = (
        select(PublishRow.stream_id, last)
        .where(PublishRow.tenant_id == tenant, PublishRow.stream_id.in_(streams))
        .group_by(PublishRow.stream_id)
    )
    return {stream: at for stream, at in await tx.execute(query) if at is not None}


async def _motion_clips(tx: AsyncSession, tenant: str, streams: Collection[str]) -> dict[str, int]:
    query = (
        select(FileRow.stream_id, func.count().label("clips"))
        .where(
            FileRow.tenant_id == tenant,
            FileRow.stream_id.in_(streams),
            FileRow.kind == "mp4",
            FileRow.key.contains("/motion/mp4/", autoescape=True),
        )
        .group_by(FileRow.stream_id)
    )
    return {each.stream_id: each.clips for each in await tx.execute(query)}
