"""Row 2: against C. A viewer of Weir's HTTP-FLV beside a viewer of nginx-rtmp's RTMP.

Work: one publisher of input A; 100, 400 and 1,000 viewers. nginx: one worker, each tag alone.
"""

from contextlib import ExitStack
from functools import partial

from bench import fan_out
from bench.board import Board
from bench.servers.nginx_rtmp import NginxRTMP
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 2
METRIC = "FLV viewer against an nginx-rtmp viewer"
GOAL = Goal(0.35)
PUBLISHED_US = 383
"""What others measured for nginx-rtmp at 600 kbit/s: past twice or half of it the method is off."""
GATE_VIEWERS = 1000


def measure(board: Board) -> list[Line]:
    lines: list[Line] = []
    with ExitStack() as stack:
        weir, nginx = stack.enter_context(Weir()), stack.enter_context(NginxRTMP())
        for viewers in board.sizes_of(100, 400, GATE_VIEWERS, quick=400):
            run = partial(fan_out.run, viewers=viewers, window_s=board.window_of())
            runs = {
                weir.name: partial(run, weir),
                nginx.name: partial(run, nginx, over_rtmp=True),
            }
            pairs = board.pairs_of(5 if viewers == GATE_VIEWERS else 2)
            found = board.compare(f"{viewers} viewers", runs, pairs=pairs)
            work = f"{viewers} viewers of A"
            lines.append(found.line(ROW, METRIC, work, "µs CPU per viewer-s", nginx.name, GOAL))
            if viewers == GATE_VIEWERS:
                values = [value / PUBLISHED_US for value in found.values(nginx.name)]
                check = Goal(2, unit="x")
                lines.append(absolute(ROW, "nginx-rtmp beside 383 µs", work, "x", values, check))
    return lines
