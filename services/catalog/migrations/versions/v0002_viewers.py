"""Who may watch: a policy for each stream, the keys of viewer tokens, and their revocations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _extend_streams()
    op.create_table(
        "viewer_keys",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_viewer_keys_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_viewer_keys")),
    )
    op.create_table(
        "revocations",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("whom", sa.String(), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_revocations_tenant_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_revocations")),
        sa.UniqueConstraint(
            "tenant_id",
            "stream_id",
            "scope",
            "whom",
            name=op.f("uq_revocations_tenant_id_stream_id_scope_whom"),
        ),
    )
    op.create_index(op.f("ix_revocations_expires_at"), "revocations", ["expires_at"])


def _extend_streams() -> None:
    """Streams that there are stay public. A column that is not null needs a value while it is
    added, which the models do not have as a default.
    """
    with op.batch_alter_table("streams") as streams:
        streams.add_column(
            sa.Column("view_policy", sa.String(), nullable=False, server_default="public")
        )
        streams.add_column(
            sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("streams") as streams:
        streams.alter_column("view_policy", server_default=None)
        streams.alter_column("revision", server_default=None)
