"""Recordings whose deletion goes on: a long one takes longer than a request may."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("deleting_since", sa.DateTime(timezone=True)))
    op.create_index(
        op.f("ix_sessions_deleting_since"),
        "sessions",
        ["deleting_since"],
        sqlite_where=sa.text("deleting_since IS NOT NULL"),
        postgresql_where=sa.text("deleting_since IS NOT NULL"),
    )
