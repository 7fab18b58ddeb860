"""Whether anybody watches what a lazy ladder is made for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sessions", sa.Column("ladder_wanted_at", sa.DateTime(timezone=True), nullable=True)
    )
