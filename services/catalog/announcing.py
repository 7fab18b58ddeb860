"""Which public events follow from what became true; each is written in its transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs import public_events
from libs.events import MotionDetected, RelayChanged, StreamPublished, StreamUnpublished
from services.catalog import public_log
from services.catalog.models import FileRow, JobRow, SessionRow, UploadRow

_JOBS = ("remux", "encode", "storyboard")
"""Those that somebody may ask for."""


async def published(
    tx: AsyncSession, session: SessionRow, fact: StreamPublished, *, now: datetime
) -> None:
    said = {"stream": fact.stream, "session": fact.session, "started_at": fact.started_at}
    if fact.generation == session.first_generation:
        started = public_events.SessionStarted.model_validate(said)
        await public_log.add(tx, started, tenant=fact.tenant, now=now, at=fact.started_at)
    published = public_events.StreamPublished.model_validate(said | {"generation": fact.generation})
    await public_log.add(tx, published, tenant=fact.tenant, now=now, at=fact.started_at)


async def unpublished(tx: AsyncSession, fact: StreamUnpublished, *, now: datetime) -> None:
    event = public_events.StreamUnpublished(
        stream=fact.stream,
        session=fact.session,
        generation=fact.generation,
        cause=fact.cause,
        ended_at=fact.ended_at,
    )
    await public_log.add(tx, event, tenant=fact.tenant, now=now, at=fact.ended_at)


async def ended(tx: AsyncSession, session: SessionRow, *, now: datetime) -> None:
    assert session.ended_at is not None
    event = public_events.SessionEnded(
        stream=session.stream_id,
        session=session.id,
        cause=session.cause or "",
        started_at=session.started_at,
        ended_at=session.ended_at,
    )
    await public_log.add(tx, event, tenant=session.tenant_id, now=now, at=session.ended_at)


async def relay_changed(tx: AsyncSession, fact: RelayChanged, *, now: datetime) -> None:
    event = public_events.RelayChanged(
        stream=fact.stream,
        session=fact.session,
        target=fact.target,
        state=fact.state,
        cause=fact.cause,
        detail=fact.detail,
        since=fact.since,
    )
    await public_log.add(tx, event, tenant=fact.tenant, now=now, at=fact.since)


async def motion_detected(tx: AsyncSession, fact: MotionDetected, *, now: datetime) -> None:
    event = public_events.MotionDetected(
        stream=fact.stream, session=fact.session, at=fact.at, percent=fact.percent
    )
    await public_log.add(tx, event, tenant=fact.tenant, now=now, at=fact.at)


async def file_ready(tx: AsyncSession, file: FileRow, *, now: datetime) -> None:
    """Pictures come too often, and storyboards are asked for until they are there."""
    said: dict[str, Any] = {
        "stream": file.stream_id,
        "session": file.session_id,
        "file": file.key,
        "starts_at": file.starts_at,
        "duration_s": file.duration_s,
        "size_bytes": file.size_bytes,
    }
    event: public_events.PublicEvent
    if file.kind == "mp4":
        event = public_events.RecordingReady.model_validate(said)
    elif file.kind == "export":
        event = public_events.ClipReady.model_validate(said | {"job": file.job_id})
    else:
        return
    await public_log.add(tx, event, tenant=file.tenant_id, now=now)


async def job_over(tx: AsyncSession, job: JobRow, *, now: datetime) -> None:
    if job.kind not in _JOBS:
        return
    said = {
        "job": job.id,
        "kind": job.kind,
        "stream": job.stream_id,
        "session": job.session_id,
    }
    event: public_events.PublicEvent
    if job.state == "completed":
        event = public_events.JobCompleted.model_validate(said)
    elif job.state == "failed":
        said |= {"code": job.error_code, "reason": job.reason}
        event = public_events.JobFailed.model_validate(said)
    else:
        return
    await public_log.add(tx, event, tenant=job.tenant_id, now=now, traceparent=job.traceparent)


async def upload_inspected(tx: AsyncSession, upload: UploadRow, *, now: datetime) -> None:
    said: dict[str, Any] = {"upload": upload.id, "name": upload.name}
    event: public_events.PublicEvent
    if upload.state == "accepted":
        said |= {"size_bytes": upload.size_bytes}
        event = public_events.UploadAccepted.model_validate(said)
    elif upload.state == "refused":
        said |= {"code": upload.error_code, "reason": upload.reason}
        event = public_events.UploadRefused.model_validate(said)
    else:
        return
    await public_log.add(tx, event, tenant=upload.tenant_id, now=now)
