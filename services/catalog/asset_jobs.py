"""What follows for an asset from its jobs: a plan becomes a session and chunks, a chunk becomes
rows, and the last chunk makes it ready.
"""

import math
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from libs import public_events
from libs.events import (
    AssetPlan,
    AssetProgressed,
    AssetReady,
    AssetRows,
    ChunkParams,
    JobSize,
    RenditionStarted,
    SegmentLost,
)
from libs.names import SOURCE, sound
from services.catalog import (
    assets,
    captions,
    jobs,
    outbox,
    posters,
    public_log,
    renditions,
    segments,
    watermarks,
)
from services.catalog.errors import StreamFieldInvalid
from services.catalog.ladder_fields import read_ladder
from services.catalog.models import AssetRow, JobRow, RenditionRow, SessionRow, UploadRow

log = structlog.get_logger()

SEGMENT_S, WATERMARKED_S = 4.0, 2.0
"""About as long as each of its segments lasts."""
HD_PIXELS = 1920 * 1088
"""More than these need more memory, and a second core."""


async def follow_upload(tx: AsyncSession, upload: UploadRow, *, now: datetime) -> None:
    """An upload was accepted: it becomes an asset by itself."""
    try:
        ladder = read_ladder({"ladder": upload.ladder})
    except StreamFieldInvalid:  # it was checked when it came; what is allowed has changed since
        ladder = None
    await assets.of_upload(tx, upload, ladder, is_watermarked=upload.is_watermarked, now=now)


async def follow_job(tx: AsyncSession, job: JobRow, *, now: datetime) -> None:
    """What came of a job that plans an asset, or makes a chunk of one."""
    if job.kind not in {"plan", "chunk"} or job.state not in jobs.OVER_STATES:
        return
    params: dict[str, Any] = job.params or {}
    row = await tx.get(AssetRow, params["asset"], with_for_update=True)
    if row is None or row.state not in assets.IN_THE_MAKING:
        return
    if job.state != "completed":
        code, reason = job.error_code or "cancelled", job.reason or "Its job was cancelled."
        await assets.fail(tx, row, code, reason, now=now)
    elif job.kind == "plan" and row.state == "waiting":
        await _begin(tx, row, job, now=now)
    elif job.kind == "chunk" and job.result and "rows" in job.result:
        await _take_chunk(tx, row, job, now=now)
    await tx.flush()


async def _begin(tx: AsyncSession, row: AssetRow, job: JobRow, *, now: datetime) -> None:
    """The asset's session, and the jobs of its chunks."""
    plan = AssetPlan.model_validate(job.result)
    if row.is_watermarked and not any(each.variant for each in plan.rungs):
        reason = "There are no pictures in it that could carry a watermark."
        await assets.fail(tx, row, "not_watermarkable", reason, now=now)
        return
    session = _session(row, plan, now=now)
    tx.add(session)
    await tx.flush()
    await assets.hold(tx, row, session, now=now)
    if row.is_watermarked:
        await watermarks.make(tx, row.tenant_id, session.id, now=now)
    await captions.add_planned(tx, row, plan.captions, now=now)
    row.state, row.updated_at = "processing", now
    row.chunks, row.duration_s = len(plan.chunks), plan.duration_s
    wanted = [
        params.model_dump(mode="json") for params in _chunks(row, plan, session, job.params or {})
    ]
    await jobs.enqueue_all(
        tx, row.tenant_id, wanted, stream=row.stream_id, session=session.id, size=_size(plan),
        now=now,
    )  # fmt: skip
    job.result = {"chunks": len(plan.chunks), "segments": len(plan.segments_90k)}


def _session(row: AssetRow, plan: AssetPlan, *, now: datetime) -> SessionRow:
    """As if it had been on air until now: numbers of segments never run ahead of the clock."""
    length_s = max(math.ceil(plan.duration_s), len(plan.segments_90k)) + 1
    start_s = int(now.timestamp()) - length_s
    started_at = datetime.fromtimestamp(start_s, UTC)
    return SessionRow(
        id=f"{start_s:08x}-{secrets.token_hex(4)}",
        tenant_id=row.tenant_id,
        stream_id=row.stream_id,
        ingest="",
        origin_url="",
        first_generation=0,
        generation=0,
        published_generation=0,
        granted_at=started_at,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=plan.duration_s),
        segment_s=WATERMARKED_S if row.is_watermarked else SEGMENT_S,
        playlist_segments=len(plan.segments_90k),
        segments=0,
        duration_us=0,
        size_bytes=0,
        files_bytes=0,
    )


def _chunks(
    row: AssetRow, plan: AssetPlan, session: SessionRow, planned: dict[str, Any]
) -> list[ChunkParams]:
    first_msn, found, at = int(session.started_at.timestamp()), [], 0
    for number, chunk in enumerate(plan.chunks):
        after = plan.chunks[number + 1] if number + 1 < len(plan.chunks) else None
        found.append(
            ChunkParams(
                asset=row.id,
                upload=planned["upload"],
                container=planned["container"],
                stream=row.stream_id,
                session=session.id,
                first_msn=first_msn + at,
                start_90k=sum(plan.segments_90k[:at]),
                segments_90k=plan.segments_90k[at : at + chunk.segments],
                zero_90k=plan.zero_90k,
                seek_pts=chunk.seek_pts,
                end_pts=after.seek_pts if after is not None else None,
                video=plan.video,
                audio=plan.audio,
                sounds=plan.sounds,
                rungs=plan.rungs,
            )
        )
        at += chunk.segments
    return found


def _size(plan: AssetPlan) -> JobSize:
    if plan.video is None or (plan.video.is_copied and not plan.rungs):
        return "small"
    is_large = plan.video.width * plan.video.height > HD_PIXELS
    return "large" if is_large else "medium"


async def _take_chunk(tx: AsyncSession, row: AssetRow, job: JobRow, *, now: datetime) -> None:
    """Its rows and its result are one transaction: of two attempts one counts, and once."""
    made, params = AssetRows.model_validate(job.result), ChunkParams.model_validate(job.params)
    sounds = {sound(number): each for number, each in enumerate(params.sounds, 1)}
    if params.audio is not None:
        sounds[SOURCE] = params.audio
    for rendition, tracks in made.tracks.items():
        fact = RenditionStarted(
            tenant=row.tenant_id,
            stream=row.stream_id,
            session=made.rows[0].session,
            rendition=rendition,
            epoch=job.attempt,
            tracks=tracks,
        )
        await renditions.started(tx, fact, sound=sounds.get(rendition))
    await segments.add(tx, made.rows)
    await _note_gaps(tx, params, made)
    job.result = {
        "segments": sum(each.rendition == SOURCE for each in made.rows),
        "size_bytes": sum(each.size_bytes for each in made.rows),
    }
    row.chunks_done += 1
    row.updated_at = now
    if row.chunks_done < row.chunks:
        fact_of = AssetProgressed(
            asset=row.id, tenant=row.tenant_id, chunks=row.chunks, chunks_done=row.chunks_done
        )
        await outbox.add(tx, fact_of, tenant=row.tenant_id, now=now)
        event = public_events.AssetProgressed(
            asset=row.id, chunks=row.chunks, chunks_done=row.chunks_done
        )
        await public_log.add(tx, event, tenant=row.tenant_id, now=now)
    else:
        await _finish(tx, row, made, now=now)


async def _note_gaps(tx: AsyncSession, params: ChunkParams, made: AssetRows) -> None:
    """What of it could not be decoded."""
    wanted = range(params.first_msn, params.first_msn + len(params.segments_90k))
    for rendition in made.tracks:
        there = {row.msn for row in made.rows if row.rendition == rendition}
        for msn in wanted:
            if msn not in there:
                lost = SegmentLost(
                    tenant=made.rows[0].tenant,
                    stream=params.stream,
                    session=params.session,
                    rendition=rendition,
                    first_msn=msn,
                    last_msn=msn,
                    cause="no_media",
                )
                await segments.add_gap(tx, lost)


async def _finish(tx: AsyncSession, row: AssetRow, made: AssetRows, *, now: datetime) -> None:
    session = await tx.get_one(SessionRow, row.session_id, with_for_update=True)
    session.cause = "made"
    for rendition in made.tracks:
        its = await tx.get_one(RenditionRow, (row.tenant_id, session.id, rendition))
        its.is_ended, its.last_msn = True, session.last_msn
    row.state = "ready"
    if any(track.kind == "video" for each in made.rows for track in each.tracks):
        await posters.order(tx, session, now=now)
    ready = AssetReady(asset=row.id, tenant=row.tenant_id, stream=row.stream_id, session=session.id)
    await outbox.add(tx, ready, tenant=row.tenant_id, now=now)
    event = public_events.AssetReady(asset=row.id, stream=row.stream_id, session=session.id)
    await public_log.add(tx, event, tenant=row.tenant_id, now=now)
    log.info("asset.ready", asset=row.id, session=session.id, segments=session.segments)
