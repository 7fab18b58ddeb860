"""Rows that were dumped, into an empty database: `python -m services.catalog.load FILE [TABLE...]`,
less those of the tables that are named.
"""

import asyncio
import gzip
import json
import sys
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.errors import Conflict, Invalid
from libs.settings import mistakes_said
from services.catalog.columns import Serial, UTCDateTime
from services.catalog.database import make_engine
from services.catalog.dump import FORMAT, ROWS_AT_ONCE
from services.catalog.migrate import head_revision, migrate
from services.catalog.models import (
    APIKeyRow,
    Base,
    ConsoleSessionRow,
    SessionRow,
    StreamRow,
    TenantRow,
    UserRow,
)
from services.catalog.settings import CatalogSettings


class DumpUnfit(Invalid):
    code = "dump_unfit"


class DatabaseNotEmpty(Conflict):
    code = "database_not_empty"


async def load(url: str, lines: Iterable[str], *, without: Collection[str] = ()) -> int:
    """Insert the rows, all or none, but not those of the tables `without`; how many there are.

    Raises `DumpUnfit` for a dump of another schema, and `DatabaseNotEmpty`.
    """
    rest = iter(lines)
    _check(next(rest, ""))
    await migrate(url)
    count = 0
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            for model in (StreamRow, SessionRow, UserRow, APIKeyRow):
                if await connection.scalar(select(func.count()).select_from(model)):
                    raise DatabaseNotEmpty(
                        "The database has streams, sessions, users or keys. A backup is restored "
                        "into an empty one: choose another WEIR_DATABASE_URL or --data-dir."
                    )
            # The default tenant is there as soon as the tables are.
            await connection.execute(delete(ConsoleSessionRow))
            await connection.execute(delete(TenantRow))
            for table, rows in _batches(rest):
                if table.name in without:
                    continue
                await connection.execute(insert(table), rows)
                count += len(rows)
            await _set_counters(connection)
    finally:
        await engine.dispose()
    return count


def _check(line: str) -> None:
    try:
        head = json.loads(line)
        form, revision = head["format"], head["revision"]
    except (ValueError, KeyError, TypeError):
        form = revision = None
    if form != FORMAT:
        raise DumpUnfit("This is no backup of a catalog.")
    if revision != head_revision():
        raise DumpUnfit(
            f"The backup was made by a Weir whose database had the schema {revision}; this one has "
            f"{head_revision()}. Restore it with that version, then start this one on it."
        )


def _batches(lines: Iterator[str]) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    said = (json.loads(line) for line in lines)
    for name, group in groupby(said, key=lambda each: each["table"]):
        table = Base.metadata.tables[name]
        instants = [each.name for each in table.columns if isinstance(each.type, UTCDateTime)]
        rows: list[dict[str, Any]] = []
        for each in group:
            row = each["row"]
            for column in instants:
                if row[column] is not None:
                    row[column] = datetime.fromisoformat(row[column])
            rows.append(row)
            if len(rows) == ROWS_AT_ONCE:
                yield table, rows
                rows = []
        if rows:
            yield table, rows


async def _set_counters(connection: AsyncConnection) -> None:
    """Postgres' counters go on behind the highest number; SQLite's do so by themselves."""
    if connection.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.type is Serial:
                counter = func.pg_get_serial_sequence(table.name, column.name)
                following = func.coalesce(func.max(column), 0) + 1
                await connection.execute(select(func.setval(counter, following, False)))


def main() -> None:
    with mistakes_said("restore"), gzip.open(Path(sys.argv[1]), "rt", encoding="utf-8") as lines:
        asyncio.run(load(CatalogSettings().url, lines, without=sys.argv[2:]))


if __name__ == "__main__":
    main()
