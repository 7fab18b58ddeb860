"""Finite jobs, their attempts, and what jobs' processes say."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COUNTS = ("priority", "tries", "losses", "orders")


def upgrade() -> None:
    _extend_jobs()
    op.create_table(
        "job_attempts",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("is_litter", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_attempts_job_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_job_attempts_tenant_id")
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_job_attempts")),
    )
    op.create_index(
        op.f("ix_job_attempts_is_litter_ended_at"), "job_attempts", ["is_litter", "ended_at"]
    )
    op.create_table(
        "job_logs",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_logs_job_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_job_logs_tenant_id")),
        sa.PrimaryKeyConstraint("job_id", "attempt", name=op.f("pk_job_logs")),
    )


def _extend_jobs() -> None:
    """A column that is not null needs a value while it is added, which the models do not have."""
    with op.batch_alter_table("jobs") as jobs:
        for name in COUNTS:
            jobs.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        jobs.add_column(
            sa.Column("is_on_bus", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        for name in ("params", "result"):
            jobs.add_column(sa.Column(name, sa.JSON(), nullable=True))
        for name in ("size", "traceparent", "error_code"):
            jobs.add_column(sa.Column(name, sa.String(), nullable=True))
        jobs.add_column(sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("jobs") as jobs:
        for name in (*COUNTS, "is_on_bus"):
            jobs.alter_column(name, server_default=None)
    op.create_index(
        op.f("ix_jobs_tenant_id_stream_id_requested_at"),
        "jobs",
        ["tenant_id", "stream_id", "requested_at"],
    )
