"""Ladders of streams, and what live jobs report."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("streams", sa.Column("ladder", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("report", sa.JSON(), nullable=True))
