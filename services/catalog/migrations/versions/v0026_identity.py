"""Users, their console sessions, API keys, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_users()
    _create_console_sessions()
    _create_api_keys()
    _create_audit()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _create_users() -> None:
    op.create_table(
        "users",
        _text("id"),
        _text("tenant_id"),
        _text("name"),
        _text("role"),
        _text("password_hash"),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("signed_in_at", TIME, nullable=True),
        _of_tenant("users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    _index("users", "tenant_id", "name")


def _create_console_sessions() -> None:
    op.create_table(
        "console_sessions",
        _text("id"),
        _text("tenant_id"),
        _text("user_id", nullable=True),
        _text("digest"),
        _text("fence"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("idle_s", sa.BigInteger(), nullable=False),
        sa.Column("used_at", TIME, nullable=False),
        _text("address"),
        _text("agent"),
        _of_tenant("console_sessions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_console_sessions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_console_sessions_digest")),
    )
    _index("console_sessions", "tenant_id", "user_id")
    _index("console_sessions", "expires_at")


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        _text("id"),
        _text("tenant_id"),
        _text("name"),
        _text("digest"),
        sa.Column("permissions", sa.JSON(), nullable=False),
        _text("stream_prefix"),
        sa.Column("created_at", TIME, nullable=False),
        _text("created_by"),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("used_at", TIME, nullable=True),
        _of_tenant("api_keys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    _index("api_keys", "tenant_id", "created_at", "id")


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", SERIAL, nullable=False),
        _text("id"),
        _text("tenant_id"),
        sa.Column("at", TIME, nullable=False),
        *map(_text, ("actor_kind", "actor", "actor_name", "address")),
        *map(_text, ("method", "route", "target")),
        sa.Column("status", sa.BigInteger(), nullable=False),
        *map(_text, ("outcome", "trace_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_id")),
    )
    _index("audit", "tenant_id", "at", "seq")
    _index("audit", "at")
