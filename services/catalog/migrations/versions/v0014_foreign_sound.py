"""Whether a session's sound has to be made AAC."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("foreign_sound", sa.String(), nullable=True))
    op.add_column("sessions", sa.Column("sound_tag", sa.BigInteger(), nullable=True))
