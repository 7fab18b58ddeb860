"""What follows from a finite job that is over: for a promised file, an upload, an asset."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog import announcing, asset_jobs, files, uploads
from services.catalog.models import JobRow


async def follow(tx: AsyncSession, job: JobRow, *, now: datetime) -> None:
    file = await files.follow_job(tx, job)
    if file is not None:
        await announcing.file_ready(tx, file, now=now)
    accepted = await uploads.follow_job(tx, job, now=now)
    if accepted is not None:
        await asset_jobs.follow_upload(tx, accepted, now=now)
    await asset_jobs.follow_job(tx, job, now=now)
    await announcing.job_over(tx, job, now=now)
