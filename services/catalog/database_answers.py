"""What is answered of the database itself."""

from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import DatabaseState, GetDatabaseState
from services.catalog import usage
from services.catalog.database import Database

_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class DatabaseAnswers:
    """Errors: `DatabaseDown`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, _: GetDatabaseState) -> DatabaseState:
        async with self._database.transaction(read_only=True) as tx:
            kind = _kind(tx)
            revision = await tx.execute(text("SELECT version_num FROM alembic_version"))
            size = await tx.execute(text(_SIZE[kind]))
            return DatabaseState(
                kind=kind,
                revision=revision.scalar_one(),
                size_bytes=size.scalar_one(),
                stored_bytes=await usage.stored_bytes(tx),
            )


def _kind(tx: AsyncSession) -> Literal["sqlite", "postgresql"]:
    return "postgresql" if tx.get_bind().dialect.name == "postgresql" else "sqlite"
