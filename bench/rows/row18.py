"""Row 18: a window of wall-clock time out of a week of ten cameras.

Work: 10 cameras of 2 s segments for 7 days, 3 million rows, in SQLite and in Postgres; 1,000
distinct random windows of 5 minutes, one after the other, each as the playlist that a player asks
the gateway for. The house has just been started, and retention takes rows away meanwhile, what is
past 7 days. Beside: the one statement that reads the same windows' rows, by the database's driver
in a program of its own; and the same house on a database of an hour and of a day. A reading is the
median; all of it reads from the page cache.
"""

import datetime as dt
import itertools
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import processes, segment_log
from bench.board import Board, Comparison
from bench.growth import growth_line
from bench.http import HTTPClient, Reply
from bench.loop import Loop
from bench.reading import Reading, percentile
from bench.segment_log import HOUR_S
from bench.servers.postgres import Postgres
from bench.servers.server import Server
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 18
METRIC = "time window"
CAMERAS = 10
WEEK_H = 7 * 24
WINDOWS, QUICK_WINDOWS = 1000, 200
WINDOW_MS = 5 * 60 * 1000
LEAST_ROWS = WINDOW_MS // 1000 // segment_log.SEGMENT_S
MARGIN_S = 30 * 60
"""Of the week's beginning, which retention takes away meanwhile."""
SQL = "bare SQL"
P99, OF_SQL, OF_AN_HOUR = Goal(50, unit=" ms"), Goal(3.0), Goal(1.5)
RETENTION = {"WEIR_RETENTION_HOURS": str(WEEK_H), "WEIR_RETENTION_S": "2"}
"""It looks more often than usual, so that it is at work in every reading."""
DISCARDED = "weir_catalog_discarded_total"
PATIENCE_S = 10.0


class Filled(NamedTuple):
    """A database with so many hours in it."""

    url: str
    hours: int
    begin_s: int
    streams: tuple[str, ...]


class Window(NamedTuple):
    stream: str
    from_ms: int

    @property
    def path(self) -> str:
        return f"/{self.stream}/{self.from_ms}-{self.from_ms + WINDOW_MS}/source/video.m3u8"


class BareSQL(Server):
    """A program that ends when it has read all windows."""

    name = SQL

    def read(self, filled: Filled, count: int, rounds: Iterator[int]) -> Reading:
        asked = random_windows(filled, count, next(rounds))
        names = self.folder / "windows"
        names.write_text(
            "".join(f"{each.stream} {each.from_ms} {each.from_ms + WINDOW_MS}\n" for each in asked)
        )
        program = Path(__file__).parent.parent / "bare_windows.py"
        log = self.folder / "said.log"
        log.unlink(missing_ok=True)
        argv = [sys.executable, "-P", program, filled.url, names]
        self.process = processes.start(argv, folder=self.folder)
        processes.favour(self.process.pid)
        if self.process.wait():
            raise RuntimeError(f"{self.name} failed:\n{log.read_text()}")
        found = [line.split() for line in log.read_text().splitlines()]
        whole = all(int(rows) >= LEAST_ROWS for rows, _ in found)
        return _reading([float(took) for _, took in found], "" if whole else "rows are missing")


def measure(board: Board) -> list[Line]:
    lines: list[Line] = []
    hours = sorted(board.sizes_of(1, 24, WEEK_H, quick=24))
    with ExitStack() as stack:
        bare, postgres = BareSQL(), stack.enter_context(Postgres())
        stack.callback(bare.stop)
        urls = {
            "SQLite": [f"sqlite:///{bare.folder}/{each}.db" for each in hours],
            Postgres.name: [postgres.create(f"of_{each}_hours") for each in hours],
        }
        for kind, found in urls.items():
            databases = [fill(board, url, each) for url, each in zip(found, hours, strict=True)]
            lines += _of_kind(board, kind, databases, bare)
    return lines


def _of_kind(board: Board, kind: str, databases: Sequence[Filled], bare: BareSQL) -> list[Line]:
    largest = databases[-1]
    count = QUICK_WINDOWS if board.is_quick else WINDOWS
    # Each counts rounds for itself: in one round all are asked for the same windows.
    runs = {
        "weir": partial(ask, largest, count, itertools.count()),
        SQL: partial(bare.read, largest, count, itertools.count()),
    }
    for filled in databases[:-1]:
        runs[f"{filled.hours} h"] = partial(ask, filled, count, itertools.count())
    found = board.compare(kind, runs, pairs=board.pairs_of(2))
    work = f"{count} of 5 min out of {largest.hours} h, {kind}"
    p99s = [reading.lag_p99_ms for reading in found.readings.get("weir", [])]
    lines = [
        absolute(ROW, f"{METRIC}, p99", work, "ms", p99s, P99),
        found.line(ROW, METRIC, work, "ms", SQL, OF_SQL),
    ]
    if len(databases) > 1:
        hour = f"{databases[0].hours} h"
        lines.append(found.line(ROW, METRIC, work, "ms", hour, OF_AN_HOUR))
    return lines + _growth(found, kind, databases)


def _growth(found: Comparison, kind: str, databases: Sequence[Filled]) -> list[Line]:
    names = ["weir" if each is databases[-1] else f"{each.hours} h" for each in databases]
    if not all(found.values(name) for name in names):
        return []
    costs = {
        each.hours: statistics.median(found.values(name))
        for each, name in zip(databases, names, strict=True)
    }
    return growth_line(ROW, METRIC, f"hours, {kind}", costs)


def fill(board: Board, url: str, hours: int) -> Filled:
    """A migrated database whose streams the catalog has made, with rows up to now."""
    with Weir({"WEIR_DATABASE_URL": url}) as weir:
        streams = tuple(weir.new_stream().name for _ in range(CAMERAS))
    began = time.monotonic()
    until = dt.datetime.now(dt.UTC)
    segment_log.fill(url, streams, hours=hours, until=until)
    board.say(f"  {hours} h written in {time.monotonic() - began:.0f} s")
    return Filled(url, hours, int(until.timestamp()) - hours * HOUR_S, streams)


def random_windows(filled: Filled, count: int, seed: int) -> list[Window]:
    """Distinct ones."""
    chance = random.Random(seed)
    begin_ms = 1000 * (filled.begin_s + (MARGIN_S if filled.hours >= WEEK_H else 0))
    end_ms = 1000 * (filled.begin_s + filled.hours * HOUR_S) - WINDOW_MS
    found: set[Window] = set()
    while len(found) < count:
        found.add(Window(chance.choice(filled.streams), chance.randrange(begin_ms, end_ms)))
    return sorted(found, key=lambda _: chance.random())


def ask(filled: Filled, count: int, rounds: Iterator[int]) -> Reading:
    """Of a house that has just been started."""
    asked = random_windows(filled, count, next(rounds))
    replies: list[Reply] = []
    with Weir({"WEIR_DATABASE_URL": filled.url, **RETENTION}) as weir, Loop() as loop:
        client = HTTPClient(loop, weir.http)
        before = processes.snapshot(weir.pids())
        for number, window in enumerate(asked, 1):
            client.get(window.path, replies.append)
            loop.until(
                lambda: len(replies) >= number,  # noqa: B023 - it is gone with the turn
                timeout_s=PATIENCE_S,
                what=window.path,
            )
        spent = processes.between(before, processes.snapshot(weir.pids()))
        discarded = weir.counter("catalog", DISCARDED)
    whole = all(reply.body.count(b"#EXTINF") >= LEAST_ROWS for reply in replies)
    fault = "" if whole else f"of {replies[-1].status}, windows are not whole"
    if filled.hours >= WEEK_H and not discarded:
        fault = fault or "retention took nothing"
    return _reading([reply.took_ms for reply in replies], fault)._replace(window=spent)


def _reading(took_ms: list[float], fault: str) -> Reading:
    p50, p99 = percentile(took_ms, 0.5), percentile(took_ms, 0.99)
    return Reading(p50, lag_p50_ms=p50, lag_p99_ms=p99, fault=fault)
