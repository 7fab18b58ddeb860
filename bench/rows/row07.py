"""Row 7: join. From connecting to the last byte of a keyframe, at 100 random moments of a GOP.

Work: one publisher of input A (GOP 2 s); HTTP-FLV and LL-HLS. Beside: node-media-server 4.4.3 and
nginx-rtmp, which keeps no GOP.
"""

import random
import time
from contextlib import ExitStack
from functools import partial

from bench import fan_out, inputs, replay
from bench.board import Board, Comparison
from bench.hls import Join
from bench.loop import Loop
from bench.reading import Reading, percentile
from bench.servers.nginx_rtmp import NginxRTMP
from bench.servers.nms import NMS4
from bench.servers.server import Server
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute
from bench.viewers import FLVViewer, Ledger, RTMPViewer

ROW = 7
METRIC = "join"
JOINS = 100
SPREAD_S = 0.4
"""The next join comes after a random part of this, so that they fall all over the GOP."""
P95 = Goal(50, unit=" ms")
BESIDE_C = Goal(0.1)
SEED = 7
FIRST_SEGMENT_S = 2.5


def measure(board: Board) -> list[Line]:
    joins = 25 if board.is_quick else JOINS
    with ExitStack() as stack:
        weir = stack.enter_context(Weir())
        nms, nginx = stack.enter_context(NMS4()), stack.enter_context(NginxRTMP())
        runs = {
            "weir": partial(join_flv, weir, joins),
            "weir LL-HLS": partial(join_hls, weir, joins),
            nms.name: partial(join_flv, nms, joins),
            nginx.name: partial(join_flv, nginx, joins),
        }
        found = board.compare("join", runs, pairs=board.pairs_of(5))
    return _lines(found, joins)


def join_flv(server: Server, joins: int) -> Reading:
    """p95 in ms of the time to a keyframe over FLV, or RTMP for nginx."""
    media = replay.load(inputs.path_of("a"), loops=4)
    chance = random.Random(SEED)
    took_ms: list[float] = []
    with Loop() as loop:
        stream = server.new_stream()
        publisher = fan_out.publish(loop, server, stream, media)
        for _ in range(joins):
            loop.run(chance.uniform(0, SPREAD_S))
            ledger = Ledger(media, publisher)
            began = time.monotonic()
            viewer: FLVViewer | RTMPViewer
            if isinstance(server, NginxRTMP):
                viewer = RTMPViewer(
                    loop, server.rtmp, stream.name, source="127.0.0.2", ledger=ledger
                )
            else:
                viewer = FLVViewer(loop, server.http, stream.flv, source="127.0.0.2", ledger=ledger)
            keyframe = partial(_has_keyframe, ledger)
            loop.until(keyframe, timeout_s=10, what="a keyframe")
            assert ledger.first_keyframe_at is not None
            took_ms.append(1000 * (ledger.first_keyframe_at - began))
            viewer.close()
    return Reading(percentile(took_ms, 0.95))


def join_hls(server: Weir, joins: int) -> Reading:
    """p95 in ms of the time to a part (or segment) that begins with a keyframe."""
    media = replay.load(inputs.path_of("a"), loops=4)
    chance = random.Random(SEED)
    took_ms: list[float] = []
    with Loop() as loop:
        stream = server.new_stream()
        fan_out.publish(loop, server, stream, media)
        loop.run(FIRST_SEGMENT_S)
        for _ in range(joins):
            loop.run(chance.uniform(0, SPREAD_S))
            join = Join(loop, server.http, f"/{stream.name}/live.m3u8")
            loop.until(partial(_is_done, join), timeout_s=10, what="a part")
            assert join.done_at is not None
            took_ms.append(1000 * (join.done_at - join.began_at))
            join.close()
    return Reading(percentile(took_ms, 0.95))


def _has_keyframe(ledger: Ledger) -> bool:
    return ledger.first_keyframe_at is not None


def _is_done(join: Join) -> bool:
    return join.done_at is not None


def _lines(found: Comparison, joins: int) -> list[Line]:
    lines = []
    for ours, way in (("weir", "HTTP-FLV"), ("weir LL-HLS", "LL-HLS")):
        work = f"{joins} joins, {way}"
        lines += [
            absolute(ROW, METRIC + ", p95", work, "ms", found.values(ours), P95),
            found.line(ROW, METRIC + ", p95", work, "ms", NginxRTMP.name, BESIDE_C, ours=ours),
            found.line(ROW, METRIC + ", p95", work, "ms", NMS4.name, None, ours=ours),
        ]
    return lines
