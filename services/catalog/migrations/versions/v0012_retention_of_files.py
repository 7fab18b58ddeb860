"""Files made of what is on air go with retention."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_FILES = sa.table(
    "files",
    sa.column("tenant_id", sa.String()),
    sa.column("key", sa.String()),
    sa.column("session_id", sa.String()),
    sa.column("size_bytes", sa.BigInteger()),
    sa.column("starts_at", sa.DateTime(timezone=True)),
    sa.column("ends_at", sa.DateTime(timezone=True)),
    sa.column("duration_s", sa.Double()),
)
_SESSIONS = sa.table(
    "sessions", sa.column("id", sa.String()), sa.column("files_bytes", sa.BigInteger())
)
_PAGE = 1000


def upgrade() -> None:
    """The column keeps its default: SQLite would have to copy a table that others refer to."""
    op.add_column(
        "sessions",
        sa.Column("files_bytes", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    with op.batch_alter_table("files") as files:
        files.add_column(sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    _fill()
    with op.batch_alter_table("files") as files:
        files.alter_column("ends_at", nullable=False)
    op.create_index(
        op.f("ix_files_tenant_id_stream_id_ends_at"), "files", ["tenant_id", "stream_id", "ends_at"]
    )


def _fill() -> None:
    """Of files that are there; dates are reckoned here, as each database does it its own way."""
    connection = op.get_bind()
    key = (_FILES.c.tenant_id, _FILES.c.key)
    query = sa.select(*key, _FILES.c.starts_at, _FILES.c.duration_s).order_by(*key).limit(_PAGE)
    after: tuple[str, str] | None = None
    while True:
        page = query if after is None else query.where(sa.tuple_(*key) > after)
        rows = connection.execute(page).all()
        for row in rows:
            _set_end(connection, row)
        if len(rows) < _PAGE:
            break
        after = (rows[-1].tenant_id, rows[-1].key)
    sizes = (
        sa.select(sa.func.coalesce(sa.func.sum(_FILES.c.size_bytes), 0))
        .where(_FILES.c.session_id == _SESSIONS.c.id)
        .scalar_subquery()
    )
    connection.execute(sa.update(_SESSIONS).values(files_bytes=sizes))


def _set_end(connection: sa.Connection, row: sa.Row[Any]) -> None:
    connection.execute(
        sa.update(_FILES)
        .where(_FILES.c.tenant_id == row.tenant_id, _FILES.c.key == row.key)
        .values(ends_at=row.starts_at + timedelta(seconds=row.duration_s))
    )
