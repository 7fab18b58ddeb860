"""Hot and cold: until when a stream's rows lie cold, and copies that are about to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("streams", sa.Column("cold_after_hours", sa.Double(), nullable=True))
    op.add_column("discards", sa.Column("tier", sa.String(), nullable=True))
    op.create_table(
        "tiers",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("cold_until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_to", sa.String(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tiers_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "stream_id", name=op.f("pk_tiers")),
    )
