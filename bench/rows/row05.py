"""Row 5: how much later than its publish a tag is at an HTTP-FLV viewer, one clock.

Work: input A, 1 and 400 viewers; a digest of every tag says which it is. Beside: node-media-server
4.4.3, and a TCP echo (the raw sender without gathering).
"""

import statistics
from contextlib import ExitStack
from functools import partial

from bench import fan_out
from bench.board import Board
from bench.reading import Reading
from bench.servers.nms import NMS4
from bench.servers.raw import Echo
from bench.servers.server import Server
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, Ratio

ROW = 5
METRIC = "added latency RTMP to HTTP-FLV"
TICK_MS = 100
SLACK_MS = 5
P99 = Goal(150, unit=" ms")
FEW = 16
"""Up to so many viewers Weir gathers nothing."""


def measure(board: Board) -> list[Line]:
    lines: list[Line] = []
    with ExitStack() as stack:
        servers = [stack.enter_context(kind()) for kind in (Weir, NMS4, Echo)]
        for viewers in board.sizes_of(1, 400, quick=100):
            runs = {
                server.name: partial(latency, server, viewers=viewers, window_s=board.window_of())
                for server in servers
            }
            found = board.compare(f"{viewers} viewers", runs, pairs=board.pairs_of(2))
            readings = found.readings
            if {"weir", NMS4.name} <= set(readings):
                lines += _lines(readings, viewers)
    return lines


def latency(server: Server, *, viewers: int, window_s: float) -> Reading:
    """p50 in ms as the value; p99 beside it."""
    reading = fan_out.run(server, viewers=viewers, window_s=window_s)
    return reading._replace(value=reading.lag_p50_ms)


def _lines(readings: dict[str, list[Reading]], viewers: int) -> list[Line]:
    work = f"{viewers} viewers of A" if viewers > 1 else "1 viewer of A"
    p50 = {name: statistics.median(r.lag_p50_ms for r in found) for name, found in readings.items()}
    p99s = [reading.lag_p99_ms for reading in readings["weir"]]
    p99 = statistics.median(p99s)
    # What a tag waits on the average for its tick.
    allowed = p50[NMS4.name] + SLACK_MS + (TICK_MS / 2 if viewers > FEW else 0)
    ours = [reading.lag_p50_ms for reading in readings["weir"]]
    verdict = Goal(allowed).judge(Ratio(p50["weir"], min(ours), max(ours)))
    echo = f"TCP echo {p50[Echo.name]:.1f} ms" if Echo.name in p50 else ""
    return [
        Line(ROW, METRIC + ", p50", work, "ms", p50["weir"], NMS4.name, p50[NMS4.name], None,
             f"≤ {allowed:.1f} ms", verdict, echo),
        Line(ROW, METRIC + ", p99", work, "ms", p99, NMS4.name,
             statistics.median(r.lag_p99_ms for r in readings[NMS4.name]), None, str(P99),
             P99.judge(Ratio(p99, min(p99s), max(p99s)))),
    ]  # fmt: skip
