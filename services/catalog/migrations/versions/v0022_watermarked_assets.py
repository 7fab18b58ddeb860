"""Assets that are made in two variants, so that a leaked copy names its viewer."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("uploads", "assets"):
        with op.batch_alter_table(name) as table:
            column: sa.Column[bool] = sa.Column(
                "is_watermarked", sa.Boolean(), nullable=False, server_default=sa.false()
            )
            table.add_column(column)
        with op.batch_alter_table(name) as table:
            table.alter_column("is_watermarked", server_default=None)
