import asyncio
import os
import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from services.catalog.database import make_engine
from services.catalog.migrate import current_revision, head_revision, migrate
from services.catalog.models import Base


async def test_migrated_schema_is_that_of_the_models(url: str) -> None:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, Base.metadata))

    engine = make_engine(url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()
    assert differences == []


async def test_comparison_sees_a_missing_column(url: str) -> None:
    def drop_and_compare(connection: Connection) -> list[object]:
        connection.exec_driver_sql("ALTER TABLE jobs DROP COLUMN reason")
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    engine = make_engine(url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(drop_and_compare)
    await engine.dispose()
    assert len(differences) == 1


async def test_migrating_twice_at_once_migrates_once(empty_url: str) -> None:
    assert await current_revision(empty_url) is None
    await asyncio.gather(migrate(empty_url), migrate(empty_url))
    await migrate(empty_url)
    assert await current_revision(empty_url) == head_revision()


async def test_command_migrates_what_the_environment_names(empty_url: str) -> None:
    command = [sys.executable, "-m", "services.catalog.migrate"]
    environment = os.environ | {"WEIR_DATABASE_URL": empty_url}
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True, timeout=60)
    assert await current_revision(empty_url) == head_revision()
