"""What is said beside streams."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("slow_s", sa.BigInteger(), nullable=False),
        _tenant("chats"),
        sa.PrimaryKeyConstraint("tenant_id", "stream_id", name=op.f("pk_chats")),
    )
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        *_author(),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("alert", sa.JSON(), nullable=True),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        _tenant("chat_messages"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_chat_messages_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
    )
    _index("chat_messages", "tenant_id", "stream_id", "said_at")
    _index("chat_messages", "tenant_id", "stream_id", "author_id")
    _index("chat_messages", "session_id", "said_at")
    op.create_table(
        "alerts",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        _tenant("alerts"),
        sa.PrimaryKeyConstraint("tenant_id", "stream_id", "key", name=op.f("pk_alerts")),
    )
    op.create_table(
        "chat_bans",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        *_author(),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        _tenant("chat_bans"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_bans")),
    )
    _index("chat_bans", "tenant_id", "stream_id", "created_at")
    op.create_table(
        "log_positions",
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_log_positions")),
    )


def _author() -> list[sa.Column[str]]:
    return [
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("author_kind", sa.String(), nullable=False),
    ]


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
