"""How long what was on air is kept: settings, holds, and what is about to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("streams", sa.Column("retention_hours", sa.Double(), nullable=True))
    op.add_column("streams", sa.Column("retention_bytes", sa.BigInteger(), nullable=True))
    op.create_table(
        "holds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("guards_from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_holds_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(
        op.f("ix_holds_tenant_id_stream_id_until_at"),
        "holds",
        ["tenant_id", "stream_id", "until_at"],
    )
    op.create_table(
        "discards",
        sa.Column("object_key", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_discards_tenant_id")),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_discards")),
    )
    op.create_index(op.f("ix_discards_due_at"), "discards", ["due_at"])
