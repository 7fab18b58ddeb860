"""Row 20: what being a platform costs.

Work: (a) the whole house with 10 publishers of input A, traces sent and not sent; (b) 50 reads of a
stream a second over the API, with its key, beside FastAPI with one bare route, CPU per answer of
every process; (c) `weir up` in an empty folder to the first accepted publish, on all cores; (d) the
proportional memory of an idle house. The last two with nothing installed but what Weir needs.
"""

import time
from contextlib import ExitStack
from functools import partial

from bench import cache, fan_out, inputs, processes, replay
from bench.board import Board
from bench.http import HTTPClient
from bench.loop import Loop
from bench.pacing import Pacing
from bench.publisher import RTMPPublisher
from bench.reading import Reading
from bench.rows import row04
from bench.servers.server import Server
from bench.servers.small import BareAPI, Sink
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 20
METRIC = "being a platform"
TRACING = Goal(1.03)
API = Goal(2.0)
"""CPU for an answer: half of the bare answers for the same CPU."""
COLD = Goal(5, unit=" s")
MEMORY = Goal(450, unit=" MB")
PUBLISHERS = 10
CALLS_PER_S = 50
IDLE_S = 10.0
MB = 1024 * 1024


def measure(board: Board) -> list[Line]:
    pairs, window_s = board.pairs_of(2), board.window_of()
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        traced = stack.enter_context(Weir({"WEIR_OTLP_ENDPOINT": sink.url}))
        weir = stack.enter_context(Weir())
        bare = stack.enter_context(BareAPI())
        run = partial(row04.run, count=PUBLISHERS, window_s=window_s)
        tracing = board.compare(
            "traces",
            {"weir": lambda: _whole(run(traced)), "weir untraced": lambda: _whole(run(weir))},
            pairs=pairs,
        )
        stream = weir.new_stream().name
        headers = f"x-api-key: {weir.credentials['api_key']}\r\n"
        path = f"/api/v1/streams/{stream}"
        api = board.compare(
            "API",
            {
                "weir": partial(call, weir, path, headers, window_s=window_s),
                bare.name: partial(call, bare, path, "", window_s=window_s),
            },
            pairs=pairs,
        )
    started = [_cold() for _ in range(pairs + 1)]
    cold, memory = [seconds for seconds, _ in started], [size for _, size in started]
    return [
        tracing.line(
            ROW, METRIC, f"traces sent, {PUBLISHERS} publishers", "µs CPU per publisher-s",
            "weir untraced", TRACING,
        ),
        api.line(ROW, METRIC, "API with its key", "µs CPU a call", bare.name, API),
        absolute(ROW, METRIC, "empty folder to first publish", "s", cold, COLD),
        absolute(ROW, METRIC, "memory of the idle house", "MB", memory, MEMORY),
    ]  # fmt: skip


def call(server: Server, path: str, headers: str, *, window_s: float) -> Reading:
    """µs of CPU for an answer, less what the idle server spends."""
    with Loop() as loop:
        # Connected after it: no server keeps connections that ask nothing for so long.
        idle = _spent(loop, server, window_s)
        clients = [HTTPClient(loop, server.http) for _ in range(10)]
        loop.run(0.5)
        pacing = Pacing(loop, clients, path, every_s=1 / CALLS_PER_S, headers=headers)
        loop.run(1.0)
        answered = pacing.answered
        first = processes.snapshot(server.pids())
        loop.run(window_s)
        window = processes.between(first, processes.snapshot(server.pids()))
        answered = pacing.answered - answered
    fault = f"status {pacing.bad_status}" if pacing.bad_status else ""
    spent_s = window.spent_s() - idle
    return Reading(value=1e6 * spent_s / max(1, answered), window=window, fault=fault)


def _spent(loop: Loop, server: Server, window_s: float) -> float:
    first = processes.snapshot(server.pids())
    loop.run(window_s)
    return processes.between(first, processes.snapshot(server.pids())).spent_s()


def _whole(reading: Reading) -> Reading:
    return reading._replace(value=reading.whole)


def _cold() -> tuple[float, float]:
    """Seconds from starting `weir up` to a first accepted publish; MB of the house when idle."""
    command = cache.weir()
    began = time.monotonic()
    with Weir(command=command, core=None) as weir, Loop() as loop:
        media = replay.load(inputs.path_of("a"))
        publisher = RTMPPublisher(loop, weir.rtmp, weir.new_stream().push, media)
        loop.until(
            lambda: publisher.is_started, timeout_s=fan_out.SETTLE_S, what="the first publish"
        )
        seconds = time.monotonic() - began
        publisher.close()
        loop.run(IDLE_S)
        return seconds, sum(map(processes.pss_bytes, weir.pids())) / MB
