import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Connection, column, insert, select, table
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


async def test_results_of_jobs_become_files(empty_url: str) -> None:
    """Those that are there, and those that will be; what the recorder asked for is one already."""
    await migrate(empty_url, "0015")
    engine = make_engine(empty_url)
    at = datetime(2031, 5, 6, 7, 8, 10, tzinfo=UTC)
    of_0015 = _rows_of_0015(at)
    async with engine.begin() as connection:
        for name, values in of_0015:
            columns = [column(key, _TYPES.get(type(value))) for key, value in values.items()]
            await connection.execute(insert(table(name, *columns)).values(values))
    await migrate(empty_url)
    async with AsyncSession(engine) as tx:
        files = {file.job_id: file for file in (await tx.execute(select(FileRow))).scalars()}
        assert sorted(key or "" for key in files) == ["remux-1", "remux-2", "remux-9"]
        made, open_ = files["remux-1"], files["remux-2"]
        assert (made.key, made.kind, made.state) == ("cam/exports/remux-1.mp4", "export", "ready")
        assert (made.object_key, made.size_bytes) == ("jobs/default/remux-1/1/out.mp4", 70)
        assert (made.starts_at, made.ends_at) == (at, at + timedelta(seconds=4.5))
        assert (open_.state, open_.starts_at, open_.size_bytes) == ("pending", at, 0)
        assert (await tx.get_one(SessionRow, "s1")).files_bytes == 7 + 70
    await engine.dispose()


_TYPES: dict[type, Any] = {datetime: UTCDateTime(), dict: JSON(), list: JSON()}


def _rows_of_0015(at: datetime) -> list[tuple[str, dict[str, Any]]]:
    (_, session), (_, file), _ = _rows_of_0010(at)
    file |= {"key": "cam/mp4/b.mp4", "job_id": "remux-9", "ends_at": at, "size_bytes": 7}
    numbers = dict.fromkeys(("attempt", "progress", "priority", "tries", "losses", "orders"), 0)
    job = numbers | {
        "tenant_id": "default", "kind": "remux", "stream_id": "cam", "session_id": "s1",
        "requested_at": at, "offered_at": at, "updated_at": at, "is_on_bus": False,
        "params": {"session": "s1", "rendition": "source", "first_msn": 1, "last_msn": 2},
    }  # fmt: skip
    result = {
        "object_key": "jobs/default/remux-1/1/out.mp4", "size_bytes": 70, "duration_s": 4.5,
        "starts_at": at.isoformat(),
    }  # fmt: skip
    segment = {
        "tenant_id": "default", "session_id": "s1", "rendition": "source", "msn": 1,
        "stream_id": "cam", "object_key": "o", "object_offset": 0, "size_bytes": 1, "sha256": "h",
        "tracks": [], "start_ms": 10_000, "duration_s": 2.0, "starts_at": at,
        "is_independent": True, "discontinuity_sequence": 0, "generation": 1, "epoch": 1,
        "first_tag": 0, "last_tag": 1, "bitrate_bps": 1,
    }  # fmt: skip
    return [
        ("sessions", session | {"files_bytes": 7}),
        ("segments", segment),
        ("jobs", job | {"id": "remux-1", "state": "completed", "result": result}),
        ("jobs", job | {"id": "remux-2", "state": "queued"}),
        ("jobs", job | {"id": "remux-3", "state": "failed"}),
        ("jobs", job | {"id": "remux-9", "state": "completed", "result": result}),
        ("files", file),
    ]


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
