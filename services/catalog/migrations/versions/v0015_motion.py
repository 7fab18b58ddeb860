"""Motion: the recorder knows the picture that the next one is compared with."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_STREAMS = sa.table(
    "streams", sa.column("id", sa.String()), sa.column("item", sa.JSON()), sa.column("records")
)


def upgrade() -> None:
    """Streams that have asked for it all along get it from now on."""
    op.add_column("recorders", sa.Column("seen", sa.JSON(), nullable=True))
    op.create_index(
        op.f("ix_holds_cause_job_id_until_at"), "holds", ["cause", "job_id", "until_at"]
    )
    connection = op.get_bind()
    for stream in connection.execute(sa.select(_STREAMS.c.id, _STREAMS.c.item)).all():
        if stream.item.get("isMotion") in (True, "true"):
            connection.execute(
                sa.update(_STREAMS).where(_STREAMS.c.id == stream.id).values(records=sa.true())
            )
