"""Assets: what can be played on demand, and the ladder that an upload is to have as one."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("ladder", sa.JSON(), nullable=True))
    op.create_table(
        "assets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("upload_id", sa.String(), nullable=True),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=True),
        sa.Column("hold_id", sa.String(), nullable=True),
        sa.Column("view_policy", sa.String(), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=True),
        sa.Column("job_id", sa.String(), nullable=True),
        sa.Column("chunks", sa.BigInteger(), nullable=False),
        sa.Column("chunks_done", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("is_litter", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_assets_tenant_id")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_assets_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
    )
    for columns in (
        ["tenant_id", "created_at", "id"],
        ["tenant_id", "stream_id"],
        ["upload_id"],
        ["is_litter"],
    ):
        op.create_index(op.f(f"ix_assets_{'_'.join(columns)}"), "assets", columns)
