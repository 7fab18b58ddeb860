"""Row 1: HTTP-FLV fan-out, CPU per viewer-second.

Work: one publisher of input A; 100, 400 and 1,000 viewers. Beside: node-media-server 4.4.3 and
2.7.4, and a program that only sends. Weir and the raw sender gather 100 ms; the others send each
tag alone.
"""

import statistics
from contextlib import ExitStack
from functools import partial

from bench import fan_out
from bench.board import Board, Comparison
from bench.growth import growth_line
from bench.servers.nms import NMS2, NMS4
from bench.servers.raw import RawSender
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 1
METRIC = "HTTP-FLV fan-out"
UNIT = "µs CPU per viewer-s"
GOALS = {NMS4.name: Goal(0.15), NMS2.name: Goal(0.3), RawSender.name: Goal(1.3)}
MERGE = Goal(100, unit=" ms")
GATE_VIEWERS = 1000


def measure(board: Board) -> list[Line]:
    lines: list[Line] = []
    totals: dict[int, float] = {}
    with ExitStack() as stack:
        servers = [stack.enter_context(kind()) for kind in (Weir, NMS4, NMS2, RawSender)]
        for viewers in board.sizes_of(100, 400, GATE_VIEWERS, quick=400):
            pairs = board.pairs_of(5 if viewers == GATE_VIEWERS else 2)
            window_s = board.window_of()
            runs = {
                server.name: partial(fan_out.run, server, viewers=viewers, window_s=window_s)
                for server in servers
            }
            found = board.compare(f"{viewers} viewers", runs, pairs=pairs)
            lines += _lines(found, viewers)
            if found.values("weir"):
                totals[viewers] = viewers * statistics.median(found.values("weir"))
    return lines + growth_line(ROW, METRIC, "viewers", totals)


def _lines(found: Comparison, viewers: int) -> list[Line]:
    work = f"{viewers} viewers of A"
    whole = [reading.whole for reading in found.readings.get("weir", [])]
    note = f"whole house {statistics.median(whole):.0f} µs" if whole else ""
    lines = [
        found.line(ROW, METRIC, work, UNIT, other, goal, note=note) for other, goal in GOALS.items()
    ]
    merges = [reading.merge_ms for reading in found.readings.get("weir", [])]
    lines.append(absolute(ROW, "merge window", work, "ms", merges, MERGE))
    return lines
