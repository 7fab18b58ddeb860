"""Alembic revisions, written for SQLite and Postgres alike."""
