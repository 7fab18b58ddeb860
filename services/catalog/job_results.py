"""What follows from a finite job that is over: for a file that was promised, for an upload."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog import files, uploads
from services.catalog.models import JobRow


async def follow(tx: AsyncSession, job: JobRow, *, now: datetime) -> None:
    await files.follow_job(tx, job)
    await uploads.follow_job(tx, job, now=now)
