"""Row 11: a herd. 500 clients ask for one segment that nobody has cached, all at once.

Work: a stored segment of input A; the store takes 150 ms to answer. Beside: nginx with
`proxy_cache_lock` before the same store. Exact: the store is read once.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from bench import fan_out, inputs, replay
from bench.board import Board
from bench.connection import Address
from bench.http import HTTPClient, Reply
from bench.loop import Loop
from bench.reading import Reading, percentile
from bench.servers.store import BUCKET, NginxCache, SlowStore
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 11
METRIC = "herd of 500 at one segment"
CLIENTS = 500
P99 = Goal(1.2)
AT_MOST_ONCE, AT_LEAST_ONCE = Goal(1, unit=""), Goal(1, at_least=True, unit="")
SEGMENT_S = 2.0
FORGOTTEN_S = 70.0
"""A packager keeps the segments of a session that is over for a minute."""


class Stored(NamedTuple):
    """A segment: its key in the store, its path at the gateway."""

    key: str
    path: str


def measure(board: Board) -> list[Line]:
    pairs = board.pairs_of(5)
    gets: dict[str, list[float]] = {"weir": [], NginxCache.name: []}
    with ExitStack() as stack:
        store = stack.enter_context(SlowStore())
        weir = stack.enter_context(Weir({"WEIR_STORE_URL": store.store_url}))
        nginx = stack.enter_context(NginxCache(store))
        segments = iter(stored_segments(weir, count=pairs + 3))

        def of_weir() -> Reading:
            segment = next(segments)
            return _counted(store, segment, gets["weir"], herd(weir.http, segment.path))

        def of_nginx() -> Reading:
            segment = next(segments)
            path = f"/{BUCKET}/{segment.key}"
            return _counted(store, segment, gets[NginxCache.name], herd(nginx.http, path))

        runs = {"weir": of_weir, NginxCache.name: of_nginx}
        found = board.compare("herd", runs, pairs=pairs)
    work = f"{CLIENTS} clients, store at 150 ms"
    once = gets["weir"]
    return [
        found.line(ROW, METRIC + ", p99", work, "ms", NginxCache.name, P99),
        absolute(ROW, "reads of the store, at most", work, "", once, AT_MOST_ONCE),
        absolute(ROW, "reads of the store, at least", work, "", once, AT_LEAST_ONCE),
    ]


def _counted(store: SlowStore, segment: Stored, gets: list[float], reading: Reading) -> Reading:
    gets.append(float(store.gets(segment.key)))
    return reading


def stored_segments(weir: Weir, *, count: int) -> Iterator[Stored]:
    """Segments of sessions that are over: only the store has them."""
    while True:
        yield from _published(weir, seconds=SEGMENT_S * (count + 1))


def _published(weir: Weir, *, seconds: float) -> list[Stored]:
    media = replay.load(inputs.path_of("a"), loops=2)
    with Loop() as loop:
        stream = weir.new_stream(reconnectWindow=0)
        fan_out.publish(loop, weir, stream, media)
        loop.run(seconds)
    time.sleep(FORGOTTEN_S)
    [session] = weir.call("GET", f"/api/v1/sessions?stream={stream.name}")["sessions"]
    rows = weir.call("GET", f"/api/v1/sessions/{session['id']}/segments?limit=1000")["segments"]
    where = f"{stream.name}/{session['id']}/source"
    return [
        Stored(key=row["object_key"], path=f"/{where}/{row['msn']}.video.m4s") for row in rows[1:-1]
    ]


def herd(address: Address, path: str) -> Reading:
    """p99 in ms from asking to the last byte."""
    replies: list[Reply] = []
    with Loop() as loop:
        clients = []
        for number in range(CLIENTS):
            clients.append(HTTPClient(loop, address, source=f"127.0.0.{2 + number % 19}"))
            loop.run(1 / fan_out.RAMP_PER_S)
        for client in clients:
            client.get(path, replies.append, keeps_body=False)
        loop.until(partial(_all_came, replies), timeout_s=30, what="the herd's answers")
    bad = [reply.status for reply in replies if reply.status != 200]
    sizes = {reply.size for reply in replies}
    fault = f"statuses {bad[:3]}" if bad else "" if len(sizes) == 1 else f"sizes {sizes}"
    return Reading(percentile([reply.took_ms for reply in replies], 0.99), fault=fault)


def _all_came(replies: list[Reply]) -> bool:
    return len(replies) == CLIENTS
