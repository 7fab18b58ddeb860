"""Alembic's way in: the connection comes from `services.catalog.migrate`, never from a file."""

from alembic import context

from services.catalog.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite alters a table by copying it; without this a later revision would work on one only.
    render_as_batch=True,
    compare_type=True,
)
# The caller's transaction holds everything, so a failed upgrade leaves no half schema.
context.run_migrations()
