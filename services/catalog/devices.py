"""Devices, as far as what they noted and what was made for them tells."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import Device, Devices, ListDevices
from services.catalog.models import CameraDeviceRow, HoldRow, PublishRow, StreamRow
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
    is_its_stream = and_(
        StreamRow.id == CameraDeviceRow.stream_id,
        StreamRow.tenant_id == CameraDeviceRow.tenant_id,
    )
    query = (
        select(CameraDeviceRow, StreamRow.id)
        .outerjoin(StreamRow, is_its_stream)
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
    """Streams that were made for PutMedia, but for those that a camera has noted: it is theirs."""
    is_latest = and_(
        PublishRow.tenant_id == StreamRow.tenant_id,
        PublishRow.stream_id == StreamRow.id,
        PublishRow.generation == StreamRow.generation,
    )
    seen_at = func.coalesce(PublishRow.ended_at, PublishRow.published_at, PublishRow.granted_at)
    noted = select(CameraDeviceRow.stream_id).where(CameraDeviceRow.tenant_id == ask.tenant)
    query = (
        select(StreamRow, seen_at)
        .outerjoin(PublishRow, is_latest)
        .where(
            StreamRow.tenant_id == ask.tenant,
            StreamRow.item[_RETENTION].as_string().is_not(None),
            StreamRow.id.not_in(noted),
        )
        .order_by(seen_at.desc().nulls_last(), StreamRow.created_at.desc(), StreamRow.id)
        .limit(ask.limit + 1)
    )
    return [
        Device(
            id=str(row.item.get(_DEVICE_NAME) or row.id),
            api="kinesis",
            client="",
            stream=row.id,
            has_stream=True,
            seen_at=at,
            notes=0,
            motion_clips=0,
        )
        for row, at in await tx.execute(query)
    ]


async def _motion_clips(tx: AsyncSession, tenant: str, streams: Collection[str]) -> dict[str, int]:
    """A hold for each event of motion, and a job for its file: of files there are far more."""
    query = (
        select(HoldRow.stream_id, func.count().label("clips"))
        .where(
            HoldRow.tenant_id == tenant,
            HoldRow.stream_id.in_(streams),
            HoldRow.cause == "motion",
            HoldRow.job_id.is_not(None),
        )
        .group_by(HoldRow.stream_id)
    )
    return {each.stream_id: each.clips for each in await tx.execute(query)}
