"""A segment log of cameras that were on air for long, by bulk insert into the real schema.

One hour is written row by row; the database itself copies it into each further hour. The rows of
all cameras lie mixed, by time, as they come when all are on air at once. A session lasts a day.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Table, event, insert, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from libs.names import DEFAULT_TENANT, SOURCE
from services.catalog.database import make_engine, with_driver
from services.catalog.models import SegmentRow, SessionRow

SEGMENT_S = 2
HOUR_S = 3600
DAY_S = 24 * HOUR_S
ROWS_AN_HOUR = HOUR_S // SEGMENT_S
SEGMENT_BYTES = 150_000
_FAST_SQLITE = (
    "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000",
)  # fmt: skip
_DAY = ":day || substr(session_id, 9)"
_MOVED = {
    "session_id": _DAY,
    "msn": "msn + :rows",
    "object_key": f"'segments/' || tenant_id || '/' || stream_id || '/' || {_DAY} || '/source/' "
    "|| (msn + :rows) || '.m4s'",
    "start_ms": "start_ms + :within_ms",
}
_LATER = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', starts_at, '+' || :seconds || ' seconds') || '000'",
    "postgresql": "starts_at + :seconds * interval '1 second'",
}


def fill(url: str, streams: Sequence[str], *, hours: int, until: dt.datetime) -> None:
    """Write `hours` of every stream, up to `until`, into a migrated database."""
    asyncio.run(_fill(url, streams, hours, int(until.timestamp()) - hours * HOUR_S))


async def _fill(url: str, streams: Sequence[str], hours: int, begin_s: int) -> None:
    engine = _engine(url)
    is_postgres = engine.dialect.name == "postgresql"
    try:
        async with engine.begin() as connection:
            if is_postgres:
                # The rows' sessions are there: nobody need look three million times.
                await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(
                insert(_table(SessionRow)),
                [
                    session_values(stream, number, day_s, DAY_S)
                    for day_s in range(begin_s, begin_s + hours * HOUR_S, DAY_S)
                    for number, stream in enumerate(streams)
                ],
            )
            first = [
                segment_values(stream, session_id(begin_s, number), begin_s, index)
                for index in range(ROWS_AN_HOUR)
                for number, stream in enumerate(streams)
            ]
            await connection.execute(insert(_table(SegmentRow)), first)
            await _copy_hour(connection, hours, begin_s)
        if is_postgres:
            async with engine.connect() as connection:
                alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await alone.execute(text("VACUUM ANALYZE"))
    finally:
        await engine.dispose()


def open_sessions(url: str, *, count: int, start_s: int) -> None:
    """Sessions that are on air, into the database of a running house."""
    asyncio.run(_open(url, [session_values(f"bench-{at}", at, start_s) for at in range(count)]))


async def _open(url: str, sessions: Sequence[dict[str, Any]]) -> None:
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(insert(_table(SessionRow)), sessions)
    finally:
        await engine.dispose()


async def _copy_hour(connection: AsyncConnection, hours: int, begin_s: int) -> None:
    """Into the others."""
    await connection.execute(text("CREATE TEMPORARY TABLE an_hour AS SELECT * FROM segments"))
    moved = _MOVED | {"starts_at": _LATER[connection.dialect.name]}
    names = _table(SegmentRow).columns.keys()
    values = ", ".join(moved.get(name, name) for name in names)
    copy = text(f"INSERT INTO segments ({', '.join(names)}) SELECT {values} FROM an_hour")
    for hour in range(1, hours):
        day, within = divmod(hour, 24)
        said = {
            "day": f"{begin_s + day * DAY_S:08x}",
            "rows": day * DAY_S + within * ROWS_AN_HOUR,
            "within_ms": within * HOUR_S * 1000,
            "seconds": hour * HOUR_S,
        }
        await connection.execute(copy, said)


def session_id(start_s: int, number: int) -> str:
    """As the catalog names them, but for the random part."""
    return f"{start_s:08x}-{number:08x}"


def session_values(
    stream: str, number: int, start_s: int, lasts_s: int | None = None
) -> dict[str, Any]:
    """A row of `sessions`; one without a length is on air."""
    started_at = dt.datetime.fromtimestamp(start_s, dt.UTC)
    count = 0 if lasts_s is None else lasts_s // SEGMENT_S
    ended_at = None if lasts_s is None else started_at + dt.timedelta(seconds=lasts_s)
    return {
        "id": session_id(start_s, number),
        "tenant_id": DEFAULT_TENANT,
        "stream_id": stream,
        "ingest": "bench",
        "origin_url": "http://127.0.0.1:9",
        "first_generation": number + 1,
        "generation": number + 1,
        "published_generation": 0,
        "granted_at": started_at,
        "started_at": started_at,
        "ended_at": ended_at,
        "cause": None if lasts_s is None else "publisher_ended",
        "segment_s": float(SEGMENT_S),
        "playlist_segments": 6,
        "segments": count,
        "duration_us": count * SEGMENT_S * 1_000_000,
        "size_bytes": count * SEGMENT_BYTES,
        "files_bytes": 0,
        "last_msn": start_s + count,
    }


def segment_values(stream: str, session: str, start_s: int, index: int) -> dict[str, Any]:
    """A row of `segments`, of picture and sound."""
    msn = start_s + index
    key = f"segments/{DEFAULT_TENANT}/{stream}/{session}/{SOURCE}/{msn}.m4s"
    return {
        "tenant_id": DEFAULT_TENANT,
        "session_id": session,
        "rendition": SOURCE,
        "msn": msn,
        "stream_id": stream,
        "object_key": key,
        "object_offset": 0,
        "size_bytes": SEGMENT_BYTES,
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "tracks": list(_tracks(index)),
        "start_ms": 10_000 + index * SEGMENT_S * 1000,
        "duration_s": float(SEGMENT_S),
        "starts_at": dt.datetime.fromtimestamp(start_s + index * SEGMENT_S, dt.UTC),
        "is_independent": True,
        "discontinuity_sequence": 0,
        "generation": 1,
        "epoch": 1,
        "first_tag": index * 144,
        "last_tag": index * 144 + 143,
        "key_id": None,
        "bitrate_bps": SEGMENT_BYTES * 8 // SEGMENT_S,
    }


def said_values(number: int, start_s: int, index: int) -> dict[str, Any]:
    """The same of an open session, as JSON says it on the bus."""
    values = segment_values(f"bench-{number}", session_id(start_s, number), start_s, index)
    for name in ("tenant", "stream", "session"):
        values[name] = values.pop(f"{name}_id")
    values["offset"] = values.pop("object_offset")
    return values | {"starts_at": values["starts_at"].isoformat()}


def _tracks(index: int) -> Iterator[dict[str, Any]]:
    sound_bytes = 24_000
    for kind, timescale, samples, offset, size_bytes in (
        ("video", 90_000, 50, 0, SEGMENT_BYTES - sound_bytes),
        ("audio", 48_000, 94, SEGMENT_BYTES - sound_bytes, sound_bytes),
    ):
        start = (10 + index * SEGMENT_S) * timescale
        yield {
            "kind": kind, "offset": offset, "size_bytes": size_bytes, "dts": start, "pts": start,
            "duration": SEGMENT_S * timescale, "timescale": timescale, "samples": samples,
            "config_id": f"{timescale:012x}",
        }  # fmt: skip


def _table(model: type[SegmentRow | SessionRow]) -> Table:
    return cast("Table", model.__table__)


def _engine(url: str) -> AsyncEngine:
    """For once, and for nobody else: what is lost with the power can be written again."""
    engine = create_async_engine(with_driver(url))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def hurry(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
            cursor = connection.cursor()
            for statement in _FAST_SQLITE:
                cursor.execute(statement)
            cursor.close()

    return engine
