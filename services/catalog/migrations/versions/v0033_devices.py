"""Cameras that note what they push: one row each, beside one for each note."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_devices",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("notes", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_camera_devices_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "device_id", "stream_id", name=op.f("pk_camera_devices")
        ),
    )
    op.create_index(
        op.f("ix_camera_devices_tenant_id_noted_at"), "camera_devices", ["tenant_id", "noted_at"]
    )
    op.execute(
        "INSERT INTO camera_devices (tenant_id, device_id, stream_id, client_id, notes, noted_at)"
        " SELECT tenant_id, device_id, stream_id, max(client_id), count(*), max(noted_at)"
        " FROM camera_clips GROUP BY tenant_id, device_id, stream_id"
    )
