"""A row that comes late makes no cold rows hot."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tiers") as tiers:
        tiers.add_column(sa.Column("hot_since_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE tiers SET hot_since_at = cold_until_at")
    with op.batch_alter_table("tiers") as tiers:
        tiers.alter_column("hot_since_at", nullable=False)
