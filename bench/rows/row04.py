"""Row 4: ingest, CPU per publisher-second.

Work: 20, 100 and 300 publishers of input A, no viewer, no recording asked for. Of Weir ingest
counts, which also hands every tag to the packager; the whole house, which cuts, stores and
indexes it all, stands beside. Beside: nginx-rtmp and node-media-server 4.4.3.
"""

import gc
import statistics
from contextlib import ExitStack
from functools import partial

from bench import inputs, processes, replay
from bench.board import Board
from bench.connection import source_of
from bench.growth import growth_line
from bench.loop import Loop
from bench.publisher import RTMPPublisher
from bench.reading import Reading
from bench.servers.nginx_rtmp import NginxRTMP
from bench.servers.nms import NMS4
from bench.servers.server import Server
from bench.servers.weir import Weir
from bench.verdict import Goal, Line

ROW = 4
METRIC = "ingest"
UNIT = "µs CPU per publisher-s"
GOALS = {NginxRTMP.name: Goal(2.2), NMS4.name: Goal(0.7)}
WORKING = frozenset({"ingest"})
RAMP_S = 0.02
WARM_UP_S = 3.0
STARTED_S = 60.0


def measure(board: Board) -> list[Line]:
    lines: list[Line] = []
    totals: dict[int, float] = {}
    with ExitStack() as stack:
        servers = [stack.enter_context(kind()) for kind in (Weir, NginxRTMP, NMS4)]
        for publishers in board.sizes_of(20, 100, 300, quick=20):
            runs = {
                server.name: partial(run, server, publishers, window_s=board.window_of())
                for server in servers
            }
            found = board.compare(f"{publishers} publishers", runs, pairs=board.pairs_of(2))
            work = f"{publishers} publishers of A"
            whole = [reading.whole for reading in found.readings.get("weir", [])]
            note = f"whole house {statistics.median(whole):.0f} µs" if whole else ""
            lines += [
                found.line(ROW, METRIC, work, UNIT, name, goal, note=note)
                for name, goal in GOALS.items()
            ]
            if found.values("weir"):
                totals[publishers] = publishers * statistics.median(found.values("weir"))
    return lines + growth_line(ROW, METRIC, "publishers", totals)


def run(server: Server, count: int, *, window_s: float) -> Reading:
    """µs of CPU per publisher-second."""
    media = replay.load(inputs.path_of("a"), loops=3)
    streams = [server.new_stream() for _ in range(count)]
    with Loop() as loop:
        publishers = []
        for number, stream in enumerate(streams):
            publishers.append(
                RTMPPublisher(loop, server.rtmp, stream.push, media, source=source_of(number))
            )
            loop.run(RAMP_S)
        loop.until(
            lambda: all(publisher.is_started for publisher in publishers),
            timeout_s=STARTED_S,
            what=f"{count} publishes",
        )
        loop.run(WARM_UP_S)
        positions = [publisher.position for publisher in publishers]
        pids = server.pids()
        gc.collect()
        gc.disable()
        first = processes.snapshot(pids)
        loop.run(window_s)
        last = processes.snapshot(pids)
        gc.enable()
        # What the server has not taken lies in our sockets: it must not look cheap.
        unsent = sum(publisher.peer.connection.unsent_bytes for publisher in publishers)
        sent = sum(
            len(frame.rtmp)
            for publisher, start in zip(publishers, positions, strict=True)
            for frame in media.frames[start : publisher.position]
        )
    window = processes.between(first, last)
    unit = 1e6 / (count * window.seconds)
    working = WORKING if isinstance(server, Weir) else None
    return Reading(
        value=unit * window.spent_s(working),
        whole=unit * window.spent_s(),
        window=window,
        delivered=1 - unsent / sent,
    )
