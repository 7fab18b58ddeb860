"""Files made of what is on air, and how far that has got."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column that is not null needs a value while it is added, which the models do not have."""
    with op.batch_alter_table("streams") as streams:
        streams.add_column(
            sa.Column("records", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("streams") as streams:
        streams.alter_column("records", server_default=None)
    op.create_table(
        "recorders",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("next_msn", sa.BigInteger(), nullable=False),
        sa.Column("anchor_ms", sa.BigInteger(), nullable=True),
        sa.Column("video_first_msn", sa.BigInteger(), nullable=True),
        sa.Column("video_index", sa.BigInteger(), nullable=False),
        sa.Column("image_index", sa.BigInteger(), nullable=False),
        sa.Column("videos", sa.BigInteger(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_recorders_session_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_recorders_tenant_id")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_recorders")),
    )
    op.create_index(op.f("ix_recorders_is_done"), "recorders", ["is_done"])
    op.create_table(
        "files",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=True),
        sa.Column("object_key", sa.String(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("first_msn", sa.BigInteger(), nullable=False),
        sa.Column("last_msn", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_files_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_files_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_files")),
    )
    op.create_index(
        op.f("ix_files_tenant_id_stream_id_starts_at_key"),
        "files",
        ["tenant_id", "stream_id", "starts_at", "key"],
    )
    op.create_index(op.f("ix_files_job_id"), "files", ["job_id"])
