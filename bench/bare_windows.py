"""The least that reading windows of the segment log costs: `bare_windows.py URL FILE`.

FILE names a window a line: stream, from and until in Unix milliseconds. Says how many rows each
had and how many milliseconds its one statement took, in a line each.
"""

import asyncio
import datetime as dt
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import asyncpg

LOOKS_BACK_MS = 30_000
"""For the keyframe of a window's first picture."""
_QUERY = (
    "SELECT * FROM segments WHERE tenant_id = 'default' AND stream_id = {} AND rendition = 'source'"
    " AND starts_at >= {} AND starts_at < {} ORDER BY starts_at, msn"
)


def main(url: str, windows: Iterable[str]) -> None:
    asked = []
    for line in windows:
        stream, begin, end = line.split()
        asked.append((stream, _at(int(begin) - LOOKS_BACK_MS), _at(int(end))))
    if url.startswith("sqlite"):
        _of_sqlite(url.removeprefix("sqlite:///"), asked)
    else:
        asyncio.run(_of_postgres(url, asked))


def _of_sqlite(path: str, asked: list[tuple[str, dt.datetime, dt.datetime]]) -> None:
    connection = sqlite3.connect(path)
    query = _QUERY.format("?", "?", "?")
    for stream, *span in asked:
        began = time.perf_counter()
        times = [at.strftime("%Y-%m-%d %H:%M:%S.%f") for at in span]
        rows = connection.execute(query, (stream, *times)).fetchall()
        _say(len(rows), began)


async def _of_postgres(url: str, asked: list[tuple[str, dt.datetime, dt.datetime]]) -> None:
    connection = await asyncpg.connect(url)
    query = _QUERY.format("$1", "$2", "$3")
    for each in asked:
        began = time.perf_counter()
        rows = await connection.fetch(query, *each)
        _say(len(rows), began)
    await connection.close()


def _say(count: int, began: float) -> None:
    print(count, f"{1000 * (time.perf_counter() - began):.4f}")


def _at(unix_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(unix_ms / 1000, dt.UTC)


if __name__ == "__main__":
    with Path(sys.argv[2]).open() as lines:
        main(sys.argv[1], lines)
