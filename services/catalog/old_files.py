"""Files that retention may let go of, and letting go of them.

What is still being made stays until it is there, or given up: else nobody would know what was made.
A picture that never comes is an exception, as its order may have been lost.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog import holds
from services.catalog.models import FileRow, JobRow, SessionRow


async def oldest(
    tx: AsyncSession, tenant: str, stream: str, before: datetime, *, limit: int,
    session: str | None = None,
) -> Sequence[FileRow]:  # fmt: skip
    """Those of the stream, or of one session, that end before `before` and are not held, in
    order.
    """
    query = (
        select(FileRow)
        .where(
            FileRow.tenant_id == tenant,
            FileRow.stream_id == stream,
            FileRow.ends_at < before,
            or_(FileRow.state != "pending", FileRow.kind == "jpeg"),
            ~holds.is_file_held(),
        )
        .order_by(FileRow.ends_at)
        .limit(limit)
    )
    if session is not None:
        query = query.where(FileRow.session_id == session)
    return (await tx.execute(query)).scalars().all()


async def take_out(tx: AsyncSession, files: Sequence[FileRow]) -> dict[str, int]:
    """Forget files of one tenant, also as results of jobs; returns their objects and the sizes of
    these.
    """
    keys = [each.key for each in files]
    tenant = files[0].tenant_id
    await tx.execute(delete(FileRow).where(FileRow.tenant_id == tenant, FileRow.key.in_(keys)))
    sizes: Counter[str] = Counter()
    for each in files:
        sizes[each.session_id] += each.size_bytes
    for session_id in sorted(sizes):
        session = await tx.get_one(SessionRow, session_id, with_for_update=True)
        session.files_bytes -= sizes[session_id]
    await _forget_results(tx, [each.job_id for each in files if each.job_id is not None])
    await tx.flush()
    return {each.object_key: each.size_bytes for each in files if each.object_key is not None}


async def _forget_results(tx: AsyncSession, jobs: Sequence[str]) -> None:
    """What a job made is not there any more; the rest of its result stays."""
    query = select(JobRow).where(JobRow.id.in_(jobs))
    for job in (await tx.execute(query)).scalars():
        kept = {name: value for name, value in (job.result or {}).items() if name != "object_key"}
        job.result = kept or None
