"""What an asset that is over has left in the store."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("litter_folder", sa.String(), nullable=True))
    op.create_index(op.f("ix_assets_litter_folder"), "assets", ["litter_folder"])
