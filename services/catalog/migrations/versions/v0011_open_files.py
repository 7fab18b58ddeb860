"""The recorder knows what it needs of the file that is open, instead of reading all of its rows."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A file that is open is begun anew: from its first row, under the index that it has."""
    op.execute(
        "UPDATE recorders SET next_msn = video_first_msn, video_index = video_index - 1 "
        "WHERE video_first_msn IS NOT NULL"
    )
    with op.batch_alter_table("recorders") as recorders:
        recorders.drop_column("video_first_msn")
        recorders.add_column(sa.Column("video", sa.JSON(), nullable=True))
