"""Row 9: serving segments and playlists, CPU per answer.

Work: 64 kept connections; the video of a segment of input A (about 125 KB) 300 times a second,
its media playlist 1,500 times a second. Beside: nginx with `sendfile`, the same bytes. Of Weir the
gateway counts: what it has once, it serves from memory. Then the same at the shipped nginx edge,
which serves from its cache: of a public stream, by paths that say nothing of who asks (one that
does is asked about at the gateway each time).
"""

import re
from contextlib import ExitStack
from functools import partial

from bench import fan_out, inputs, processes, replay
from bench.board import Board
from bench.hls import beside
from bench.http import HTTPClient, Reply
from bench.ll_hls import media_playlist
from bench.loop import Loop
from bench.pacing import Pacing
from bench.reading import Reading
from bench.servers.edge import Edge
from bench.servers.server import Server
from bench.servers.static import NginxStatic
from bench.servers.weir import Weir
from bench.verdict import Goal, Line

ROW = 9
METRIC = "serving"
CONNECTIONS = 64
SEGMENTS_PER_S = 300
PLAYLISTS_PER_S = 1500
GOAL = Goal(2.0)
"""CPU for an answer: half of nginx's answers for the same CPU."""
EDGE_GOAL = Goal(1.053)
"""At least 0.95 of nginx's answers for the same CPU."""
WORKING = frozenset({"gateway"})
WARM_UP_S = 1.0


def measure(board: Board) -> list[Line]:
    lines = []
    window_s = board.window_of()
    media = replay.load(inputs.path_of("a"), loops=3)
    with ExitStack() as stack:
        weir, nginx = stack.enter_context(Weir()), stack.enter_context(NginxStatic())
        edge = stack.enter_context(Edge(weir))
        for what, rate in (("segments", SEGMENTS_PER_S), ("playlists", PLAYLISTS_PER_S)):
            with Loop() as loop:
                stream = weir.new_stream()
                fan_out.publish(loop, weir, stream, media)
                playlist = media_playlist(loop, weir.http, stream.name)
                loop.run(4.0)
                path = playlist if what == "playlists" else _newest_segment(loop, weir, playlist)
                copy = nginx.put(what, _fetched(loop, weir, path).body)
                runs = {
                    "weir": partial(serve, loop, weir, path, rate=rate, window_s=window_s),
                    nginx.name: partial(serve, loop, nginx, copy, rate=rate, window_s=window_s),
                    edge.name: partial(
                        serve, loop, edge, shared(path), rate=rate, window_s=window_s
                    ),
                }
                found = board.compare(what, runs, pairs=board.pairs_of(2))
            work = f"{what}, {CONNECTIONS} connections, {rate}/s"
            lines.append(found.line(ROW, METRIC, work, "µs CPU a GET", nginx.name, GOAL))
            lines.append(
                found.line(
                    ROW, f"{METRIC} by the edge", work, "µs CPU a GET", nginx.name, EDGE_GOAL,
                    ours=edge.name,
                )
            )  # fmt: skip
    return lines


def serve(loop: Loop, server: Server, path: str, *, rate: int, window_s: float) -> Reading:
    """µs of CPU for an answer."""
    clients = []
    for number in range(CONNECTIONS):
        clients.append(HTTPClient(loop, server.http, source=f"127.0.0.{2 + number % 19}"))
        loop.run(1 / fan_out.RAMP_PER_S)
    pacing = Pacing(loop, clients, path, every_s=1 / rate)
    loop.run(WARM_UP_S)
    answered = pacing.answered
    first = processes.snapshot(server.pids())
    loop.run(window_s)
    last = processes.snapshot(server.pids())
    count = pacing.answered - answered
    pacing.stop()
    loop.run(0.3)
    for client in clients:
        client.close()
    window = processes.between(first, last)
    working = WORKING if isinstance(server, Weir) else None
    return Reading(
        value=1e6 * window.spent_s(working) / max(1, count),
        whole=1e6 * window.spent_s() / max(1, count),
        window=window,
        fault=f"status {pacing.bad_status}" if pacing.bad_status else "",
        delivered=min(1.0, 1.002 * count / (rate * window_s)),
    )


def shared(path: str) -> str:
    """The path without what is personal."""
    return re.sub(r"^/~[^/]*", "", path)


def _fetched(loop: Loop, weir: Weir, path: str) -> Reply:
    replies: list[Reply] = []
    HTTPClient(loop, weir.http).get(path, replies.append)
    loop.until(lambda: bool(replies), timeout_s=10, what=path)
    return replies[0]


def _newest_segment(loop: Loop, weir: Weir, playlist: str) -> str:
    text = _fetched(loop, weir, playlist).body.decode()
    return beside(playlist, [line for line in text.splitlines() if line and line[0] != "#"][-1])
