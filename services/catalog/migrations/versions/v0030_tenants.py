"""Titles, states and quotas of tenants; and whose each stream id is, for good."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    title = sa.Column("title", sa.String(), nullable=False, server_default=sa.text("''"))
    op.add_column("tenants", title)
    is_disabled: sa.Column[bool] = sa.Column(
        "is_disabled", sa.Boolean(), nullable=False, server_default=sa.text("false")
    )
    op.add_column("tenants", is_disabled)
    op.add_column("tenants", sa.Column("quotas", sa.JSON(), nullable=True))
    op.create_table(
        "stream_ids",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_stream_ids_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream_ids")),
    )
    op.create_table(
        "job_time",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_job_time_tenant_id")),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_job_time")),
    )
    op.create_index(op.f("ix_job_time_tenant_id_month"), "job_time", ["tenant_id", "month"])
    op.execute(
        "INSERT INTO stream_ids (id, tenant_id)"
        " SELECT id, tenant_id FROM streams UNION SELECT stream_id, tenant_id FROM sessions"
    )
