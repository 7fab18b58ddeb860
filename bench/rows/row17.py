"""Row 17: the event path. CPU of a fact from its publisher to a row that others can see.

Work: 500 `segment.ready` a second of 1,000 sessions on air, said by one publisher as a packager
says them, to rows in SQLite. Publisher, bus and catalog count. Beside: a program that publishes to
the same bus and inserts what it takes from it into the same table, as many at once as the catalog
and as seldom. When a row is visible is found by looking every 5 ms. Then the bus is killed, and
started again by the house, under the same load: nothing may be lost.
"""

import gc
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import processes, segment_log
from bench.board import Board
from bench.reading import Reading, percentile
from bench.servers.events import BareEvents, start_program
from bench.servers.server import Server
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute
from bench.visible_rows import LOOK_S, Key, VisibleRows

Program = subprocess.Popen[bytes]

ROW = 17
METRIC = "event path"
UNIT = "µs CPU a fact"
OF_BARE, P99, NONE = Goal(4.0), Goal(100, unit=" ms"), Goal(0, unit="")
SESSIONS, RATE = 1000, 500
WINDOW_S = 60.0
WARM_UP_S, REST_S = 4.0, 2.0
RESTART_AFTER_S, RESTART_RUN_S = 6.0, 20
PATIENCE_S = 60.0
WORKING = frozenset({"catalog", "nats-server", Path(sys.executable).name})
"""The last is the publisher, and what started the house, which sleeps."""
ON_AIR = {"WEIR_INGEST_GONE_S": "3600"}
"""The ingest that the sessions name is nowhere."""
_SAID = re.compile(r"([0-9a-f]{8}-[0-9a-f]{8}) (\d+) (\d+\.\d+)")
"""A line of the publisher's; what nats-py says of a lost connection stands between them."""


def measure(board: Board) -> list[Line]:
    window_s = board.window_of(WINDOW_S)
    runs = {
        "weir": partial(run_weir, window_s),
        BareEvents.name: partial(run_bare, window_s),
    }
    found = board.compare(f"{RATE} facts a second", runs, pairs=board.pairs_of(2))
    work = f"{RATE} segments a second"
    p99s = [reading.lag_p99_ms for reading in found.readings.get("weir", [])]
    bare = [reading.lag_p99_ms for reading in found.readings.get(BareEvents.name, [])]
    lines = [
        found.line(ROW, METRIC, work, UNIT, BareEvents.name, OF_BARE),
        absolute(ROW, "said to visible, p99", work, "ms", p99s, P99),
        absolute(ROW, f"said to visible, p99, {BareEvents.name}", work, "ms", bare, None),
    ]
    lost, longest_s = restart()
    board.say(f"  the bus killed: {lost} lost, {longest_s:.1f} s at most")
    work = f"{work}, the bus killed and started again"
    return [
        *lines,
        absolute(ROW, "facts lost", work, "", [lost], NONE),
        absolute(ROW, "said to visible, at most", work, "s", [longest_s], None),
    ]


def run_weir(window_s: float) -> Reading:
    with Weir(ON_AIR) as weir, ExitStack() as stack:
        publisher, rows = _begin(weir, _lasts_s(window_s), stack)
        return _measured(weir, publisher, rows, window_s)


def run_bare(window_s: float) -> Reading:
    with BareEvents() as bare, ExitStack() as stack:
        start_s = int(time.time())
        segment_log.open_sessions(f"sqlite:///{bare.database}", count=SESSIONS, start_s=start_s)
        program = bare.say(start_s, SESSIONS, RATE, _lasts_s(window_s))
        stack.callback(processes.stop, program)
        return _measured(bare, program, VisibleRows(bare.database), window_s)


def restart() -> tuple[int, float]:
    """How many facts never became rows, and how long the slowest took, in seconds."""
    with Weir(ON_AIR) as weir, ExitStack() as stack:
        publisher, rows = _begin(weir, RESTART_RUN_S, stack)
        _until(lambda: bool(rows.seen_at), rows)
        rows.look_for(RESTART_AFTER_S)
        os.kill(weir.pid_of("nats-server"), signal.SIGKILL)
        said = _said(publisher, weir.folder, rows)
        _until(lambda: said.keys() <= rows.seen_at.keys(), rows)
        rows.close()
    lags = _lags_s(said, rows)
    return len(said) - len(lags), max(lags)


def _begin(weir: Weir, seconds: int, stack: ExitStack) -> tuple[Program, VisibleRows]:
    """Sessions that are on air, and their packager."""
    start_s = int(time.time())
    database = weir.folder / "data" / "catalog.sqlite"
    segment_log.open_sessions(f"sqlite:///{database}", count=SESSIONS, start_s=start_s)
    # It listens on another port, too, on which it says how it is.
    config = (weir.folder / "data" / "nats" / "nats.conf").read_text()
    (address,) = re.findall(r'^listen: "(.+)"$', config, re.MULTILINE)
    token = weir.credentials["nats_token"]
    said = (f"nats://{address}", token, start_s, SESSIONS, RATE, seconds)
    publisher = start_program(weir.folder, "fact_publisher", *said)
    stack.callback(processes.stop, publisher)
    return publisher, VisibleRows(database)


def _lasts_s(window_s: float) -> int:
    return math.ceil(WARM_UP_S + window_s + REST_S)


def _measured(server: Server, program: Program, rows: VisibleRows, window_s: float) -> Reading:
    processes.favour(program.pid)
    _until(lambda: bool(rows.seen_at), rows)
    rows.look_for(WARM_UP_S)
    pids = [*server.pids(), program.pid]
    gc.collect()
    gc.disable()
    count = len(rows.seen_at)
    before = processes.snapshot(pids)
    rows.look_for(window_s)
    window = processes.between(before, processes.snapshot(pids))
    count = len(rows.seen_at) - count
    gc.enable()
    said = _said(program, server.folder, rows)
    _until(lambda: said.keys() <= rows.seen_at.keys(), rows)
    rows.close()
    lags_ms = [1000 * lag for lag in _lags_s(said, rows)]
    unit = 1e6 / max(1, count)
    return Reading(
        unit * window.spent_s(WORKING if isinstance(server, Weir) else None),
        window,
        # What is not visible by the window's end was on its way at its beginning, too.
        delivered=min(1.0, 1.002 * count / (RATE * window_s)),
        lag_p50_ms=percentile(lags_ms, 0.5),
        lag_p99_ms=percentile(lags_ms, 0.99),
        whole=unit * window.spent_s(),
        fault="" if len(lags_ms) == len(said) else f"{len(said) - len(lags_ms)} facts were lost",
    )


def _said(program: Program, folder: Path, rows: VisibleRows) -> dict[Key, float]:
    """When the program said each fact, once it has ended."""
    _until(lambda: program.poll() is not None, rows)
    log = (folder / "said" / "said.log").read_text()
    if program.returncode:
        raise RuntimeError(f"the publisher ended:\n{log[-2000:]}")
    found: dict[Key, float] = {}
    for line in log.splitlines():
        if said := _SAID.fullmatch(line):
            found[said[1], int(said[2])] = float(said[3])
    return found


def _lags_s(said: Mapping[Key, float], rows: VisibleRows) -> list[float]:
    return [rows.seen_at[key] - at for key, at in said.items() if key in rows.seen_at]


def _until(condition: Callable[[], bool], rows: VisibleRows) -> None:
    """Look on until it holds, or for so long that what is missing is lost."""
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        rows.look_for(LOOK_S)
