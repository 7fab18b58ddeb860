"""What the sounds of renditions are called."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("language", "label"):
        op.add_column("renditions", sa.Column(name, sa.String(), nullable=True))
