"""The first tables: tenants, streams, the segment log, jobs, outbox, dead letters."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite numbers rows only in a column that is exactly INTEGER PRIMARY KEY.
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_tenants()
    _create_streams()
    _create_sessions()
    _create_publishes()
    _create_renditions()
    _create_tracks()
    _create_segments()
    _create_gaps()
    _create_jobs()
    _create_outbox()
    _create_dead_letters()
    tenants = sa.table(
        "tenants", sa.column("id"), sa.column("created_at", sa.DateTime(timezone=True))
    )
    # The one tenant that every install has.
    created_at = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        created_at = created_at.replace(tzinfo=None)
    op.bulk_insert(tenants, [{"id": "default", "created_at": created_at}])


def _create_tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )


def _create_streams() -> None:
    op.create_table(
        "streams",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("publish_policy", sa.String(), nullable=False),
        sa.Column("reconnect_window_s", sa.Double(), nullable=False),
        sa.Column("segment_s", sa.Double(), nullable=False),
        sa.Column("playlist_segments", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_streams_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_streams")),
    )
    op.create_index(
        op.f("ix_streams_tenant_id_created_at_id"),
        "streams",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("ingest", sa.String(), nullable=False),
        sa.Column("origin_url", sa.String(), nullable=False),
        sa.Column("first_generation", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("published_generation", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("last_tag", sa.BigInteger(), nullable=True),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.Column("segment_s", sa.Double(), nullable=False),
        sa.Column("playlist_segments", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.BigInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("last_msn", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sessions_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(
        op.f("ix_sessions_tenant_id_stream_id_id"),
        "sessions",
        ["tenant_id", "stream_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_sessions_open",
        "sessions",
        ["stream_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_publishes() -> None:
    op.create_table(
        "publishes",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("ingest", sa.String(), nullable=False),
        sa.Column("origin_url", sa.String(), nullable=False),
        sa.Column("remote_address", sa.String(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_publishes_session_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_publishes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "stream_id", "generation", name=op.f("pk_publishes")),
    )
    op.create_index(op.f("ix_publishes_session_id"), "publishes", ["session_id"], unique=False)


def _create_renditions() -> None:
    op.create_table(
        "renditions",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("rendition", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("last_msn", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_renditions_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_renditions_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", "rendition", name=op.f("pk_renditions")),
    )


def _create_tracks() -> None:
    op.create_table(
        "tracks",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("rendition", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("config_id", sa.String(), nullable=False),
        sa.Column("codec", sa.String(), nullable=False),
        sa.Column("timescale", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("frame_rate", sa.Double(), nullable=True),
        sa.Column("sample_rate", sa.BigInteger(), nullable=True),
        sa.Column("channels", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_tracks_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tracks_tenant_id")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "session_id", "rendition", "kind", "config_id", name=op.f("pk_tracks")
        ),
    )


def _create_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("rendition", sa.String(), nullable=False),
        sa.Column("msn", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("object_key", sa.String(), nullable=False),
        sa.Column("object_offset", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("tracks", sa.JSON(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_independent", sa.Boolean(), nullable=False),
        sa.Column("discontinuity_sequence", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("first_tag", sa.BigInteger(), nullable=False),
        sa.Column("last_tag", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("bitrate_bps", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_segments_session_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_segments_tenant_id")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "session_id", "rendition", "msn", name=op.f("pk_segments")
        ),
    )
    op.create_index(
        op.f("ix_segments_tenant_id_stream_id_starts_at"),
        "segments",
        ["tenant_id", "stream_id", "starts_at"],
        unique=False,
    )


def _create_gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("rendition", sa.String(), nullable=False),
        sa.Column("first_msn", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_msn", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_gaps_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_gaps_tenant_id")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "session_id", "rendition", "first_msn", "last_msn", name=op.f("pk_gaps")
        ),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("stream_id", sa.String(), nullable=True),
        sa.Column("session_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_jobs_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_jobs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_session_id"), "jobs", ["session_id"], unique=False)
    op.create_index(op.f("ix_jobs_state_kind"), "jobs", ["state", "kind"], unique=False)
    op.create_index(
        op.f("ix_jobs_tenant_id_requested_at_id"),
        "jobs",
        ["tenant_id", "requested_at", "id"],
        unique=False,
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )


def _create_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.Column("buried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
    )
    op.create_index(
        op.f("ix_dead_letters_buried_at_id"), "dead_letters", ["buried_at", "id"], unique=False
    )
