"""Forensic watermarks: the secret of a session, and who was served it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watermarks",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_watermarks_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_watermarks_tenant_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "watermarked_viewers",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("viewer", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["watermarks.session_id"],
            name=op.f("fk_watermarked_viewers_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_watermarked_viewers_tenant_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "viewer", name=op.f("pk_watermarked_viewers")),
    )
