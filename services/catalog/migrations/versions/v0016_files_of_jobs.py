"""What finite jobs make for whoever asked becomes files, so that retention knows of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_JOBS = sa.table(
    "jobs",
    sa.column("id", sa.String()),
    sa.column("tenant_id", sa.String()),
    sa.column("kind", sa.String()),
    sa.column("stream_id", sa.String()),
    sa.column("session_id", sa.String()),
    sa.column("state", sa.String()),
    sa.column("params", sa.JSON()),
    sa.column("result", sa.JSON()),
)
_SEGMENTS = sa.table(
    "segments",
    sa.column("tenant_id", sa.String()),
    sa.column("session_id", sa.String()),
    sa.column("rendition", sa.String()),
    sa.column("msn", sa.BigInteger()),
    sa.column("starts_at", sa.DateTime(timezone=True)),
)
_FILES = sa.table(
    "files",
    sa.column("tenant_id", sa.String()),
    sa.column("key", sa.String()),
    sa.column("stream_id", sa.String()),
    sa.column("session_id", sa.String()),
    sa.column("kind", sa.String()),
    sa.column("state", sa.String()),
    sa.column("job_id", sa.String()),
    sa.column("object_key", sa.String()),
    sa.column("starts_at", sa.DateTime(timezone=True)),
    sa.column("ends_at", sa.DateTime(timezone=True)),
    sa.column("duration_s", sa.Double()),
    sa.column("size_bytes", sa.BigInteger()),
    sa.column("first_msn", sa.BigInteger()),
    sa.column("last_msn", sa.BigInteger()),
)
_SESSIONS = sa.table(
    "sessions", sa.column("id", sa.String()), sa.column("files_bytes", sa.BigInteger())
)
_KINDS = {
    "remux": ("export", "mp4"),
    "encode": ("export", "mp4"),
    "storyboard": ("storyboard", "jpg"),
}


def upgrade() -> None:
    """Of jobs whose result no file is yet, and of those that are still to make one."""
    connection = op.get_bind()
    query = (
        sa.select(_JOBS)
        .outerjoin(_FILES, _FILES.c.job_id == _JOBS.c.id)
        .where(
            _FILES.c.job_id.is_(None),
            _JOBS.c.kind.in_(tuple(_KINDS)),
            _JOBS.c.state.in_(("queued", "running", "completed")),
        )
    )
    for job in connection.execute(query).all():
        times = _made(job.result) if job.state == "completed" else _to_be_made(connection, job)
        if times is not None:
            _add(connection, job, times)


def _made(result: dict[str, Any] | None) -> dict[str, Any] | None:
    if not result or "object_key" not in result or "starts_at" not in result:
        return None
    starts_at = datetime.fromisoformat(result["starts_at"]).astimezone(UTC)
    return {
        "state": "ready",
        "object_key": result["object_key"],
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(seconds=result["duration_s"]),
        "duration_s": result["duration_s"],
        "size_bytes": result["size_bytes"],
    }


def _to_be_made(connection: sa.Connection, job: sa.Row[Any]) -> dict[str, Any] | None:
    """None: its rows are gone, so that nothing will be."""
    query = sa.select(sa.func.min(_SEGMENTS.c.starts_at), sa.func.max(_SEGMENTS.c.starts_at)).where(
        _SEGMENTS.c.tenant_id == job.tenant_id,
        _SEGMENTS.c.session_id == job.session_id,
        _SEGMENTS.c.rendition == job.params["rendition"],
        _SEGMENTS.c.msn.between(job.params["first_msn"], job.params["last_msn"]),
    )
    times: Any = connection.execute(query).one()
    first_at, last_at = times
    if first_at is None:
        return None
    return {
        "state": "pending",
        "object_key": None,
        "starts_at": first_at,
        "ends_at": last_at,
        "duration_s": (last_at - first_at).total_seconds(),
        "size_bytes": 0,
    }


def _add(connection: sa.Connection, job: sa.Row[Any], times: dict[str, Any]) -> None:
    kind, ending = _KINDS[job.kind]
    values = {
        "tenant_id": job.tenant_id,
        "key": f"{job.stream_id}/exports/{job.id}.{ending}",
        "stream_id": job.stream_id,
        "session_id": job.session_id,
        "kind": kind,
        "job_id": job.id,
        "first_msn": job.params["first_msn"],
        "last_msn": job.params["last_msn"],
    }
    connection.execute(sa.insert(_FILES).values(values | times))
    connection.execute(
        sa.update(_SESSIONS)
        .where(_SESSIONS.c.id == job.session_id)
        .values(files_bytes=_SESSIONS.c.files_bytes + times["size_bytes"])
    )
