"""Whether a CDN may have an asset; of a stream its item says so."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_allowed: sa.Column[bool] = sa.Column(
        "is_cdn_allowed", sa.Boolean(), nullable=False, server_default=sa.text("false")
    )
    op.add_column("assets", is_allowed)
