"""What finite jobs make for whoever asked: files of the stream, which retention treats as any.

<stream>/exports/<job>.mp4
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import FileKind
from services.catalog import discards, files, old_files, runs
from services.catalog.models import FileRow, JobRow, SessionRow

_KINDS: dict[str, tuple[FileKind, str]] = {
    "remux": ("export", "mp4"),
    "encode": ("export", "mp4"),
    "storyboard": ("storyboard", "jpg"),
    "poster": ("poster", "jpg"),
}
"""By the kind of the job, with the ending of its file's name."""


async def promise(tx: AsyncSession, job: JobRow) -> None:
    """Write down that the file of a new job will be made."""
    params = job.params or {}
    its = [
        await runs.between(
            tx, job.tenant_id, each["session"], each["rendition"], each["first_msn"],
            each["last_msn"],
        )
        for each in (params, *params.get("then", ()))
    ]  # fmt: skip
    session = await tx.get_one(SessionRow, params["session"])
    kind, ending = _KINDS[job.kind]
    key = f"{session.stream_id}/exports/{job.id}.{ending}"
    await files.promise(tx, session, key, kind, runs.joined_span(its), job=job.id)


async def forget(tx: AsyncSession, job: JobRow, *, due_at: datetime) -> None:
    """Let go of what a job made, if it has. The object goes at `due_at`."""
    query = select(FileRow).where(FileRow.job_id == job.id)
    file = (await tx.execute(query)).scalar_one_or_none()
    if file is not None:
        await discards.put(tx, job.tenant_id, await old_files.take_out(tx, [file]), due_at)
