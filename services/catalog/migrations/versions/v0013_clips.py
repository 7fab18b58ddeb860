"""A hold with a name is a clip."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("holds", sa.Column("name", sa.String(), nullable=True))
    op.add_column("holds", sa.Column("job_id", sa.String(), nullable=True))
