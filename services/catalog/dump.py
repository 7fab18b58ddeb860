"""The catalog's rows as lines of JSON, the same from SQLite and Postgres.

`python -m services.catalog.dump FILE` writes them, gzipped: a line that says what follows, then a
line a row, in an order in which each row names earlier ones only. They are those of one moment,
however long it takes and whatever is written meanwhile.
"""

import asyncio
import gzip
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import select

from libs.settings import mistakes_said
from services.catalog.database import make_engine, reading
from services.catalog.migrate import current_revision
from services.catalog.models import Base
from services.catalog.settings import CatalogSettings

FORMAT = "weir-catalog-1"
ROWS_AT_ONCE = 500


async def dump(url: str, lines: TextIO) -> int:
    """Write all rows of the database at `url`; how many there are."""
    head = {
        "format": FORMAT,
        "revision": await current_revision(url),
        "taken_at": datetime.now(UTC).isoformat(),
    }
    lines.write(json.dumps(head) + "\n")
    count = 0
    engine = make_engine(url)
    try:
        async with reading(engine) as connection:
            for table in Base.metadata.sorted_tables:
                rows = select(table).order_by(*table.primary_key.columns)
                found = await connection.stream(rows, execution_options={"yield_per": ROWS_AT_ONCE})
                async for row in found.mappings():
                    said = {"table": table.name, "row": dict(row)}
                    lines.write(json.dumps(said, default=_said, ensure_ascii=False) + "\n")
                    count += 1
    finally:
        await engine.dispose()
    return count


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a row")


def main() -> None:
    with mistakes_said("backup"), gzip.open(Path(sys.argv[1]), "wt", encoding="utf-8") as lines:
        asyncio.run(dump(CatalogSettings().url, lines))


if __name__ == "__main__":
    main()
