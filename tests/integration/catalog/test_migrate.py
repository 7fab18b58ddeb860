import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, column, insert, table
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog.columns import UTCDateTime
from services.catalog.database import make_engine
from services.catalog.migrate import current_revision, head_revision, migrate
from services.catalog.models import Base, FileRow, RecorderRow, SessionRow


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


async def test_files_and_recorders_of_before_retention_are_taken_along(empty_url: str) -> None:
    """A file that was open is begun anew; files that are there get their end and count."""
    await migrate(empty_url, "0010")
    engine = make_engine(empty_url)
    at = datetime(2031, 5, 6, 7, 8, 10, tzinfo=UTC)
    async with engine.begin() as connection:
        for name, values in _rows_of_0010(at):
            columns = [
                column(key, UTCDateTime() if isinstance(value, datetime) else None)
                for key, value in values.items()
            ]
            await connection.execute(insert(table(name, *columns)).values(values))
    await migrate(empty_url)
    async with AsyncSession(engine) as tx:
        recorder = await tx.get_one(RecorderRow, "s1")
        assert (recorder.next_msn, recorder.video, recorder.video_index) == (70, None, 2)
        file = await tx.get_one(FileRow, ("default", "cam/mp4/a.mp4"))
        assert file.ends_at == at + timedelta(seconds=4.5)
        assert (await tx.get_one(SessionRow, "s1")).files_bytes == 77
    await engine.dispose()


def _rows_of_0010(at: datetime) -> list[tuple[str, dict[str, Any]]]:
    session: dict[str, Any] = dict.fromkeys(
        ("first_generation", "generation", "published_generation", "segments", "duration_us",
         "size_bytes", "playlist_segments"), 1,
    )  # fmt: skip
    session |= {"id": "s1", "tenant_id": "default", "stream_id": "cam", "ingest": "i"}
    session |= {"origin_url": "o", "segment_s": 2.0}
    file = {
        "tenant_id": "default", "key": "cam/mp4/a.mp4", "stream_id": "cam", "session_id": "s1",
        "kind": "mp4", "state": "ready", "duration_s": 4.5, "size_bytes": 77, "first_msn": 1,
        "last_msn": 2,
    }  # fmt: skip
    recorder = {
        "session_id": "s1", "tenant_id": "default", "next_msn": 90, "video_first_msn": 70,
        "video_index": 3, "image_index": 9, "videos": 3, "is_done": False,
    }  # fmt: skip
    return [
        ("sessions", session | {"granted_at": at, "started_at": at}),
        ("files", file | {"starts_at": at}),
        ("recorders", recorder),
    ]
