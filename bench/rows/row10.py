"""Row 10: blocking reload. 500 clients wait for every part's playlist.

Work: input A, parts of 200 ms, 500 clients with blocking reload of one playlist. Beside: nginx,
which hands a file of the same size to 500 clients every 200 ms. Of Weir gateway and packager count.
Exact: playlists rendered per part of the rendition.
"""

import statistics
from contextlib import ExitStack
from functools import partial

from bench import fan_out, inputs, processes, replay
from bench.board import Board
from bench.http import HTTPClient
from bench.ll_hls import Player, media_playlist
from bench.loop import Loop
from bench.pacing import Pacing
from bench.reading import Reading
from bench.servers.static import NginxStatic
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 10
METRIC = "blocking reload"
CLIENTS = 500
PART_S = 0.2
GOAL = Goal(5)
RENDERS = Goal(1.05, unit="")
"""Of an exact counter, over a window whose borders fall between two parts."""
WORKING = frozenset({"gateway", "packager"})
WARM_UP_S = 2.0


def measure(board: Board) -> list[Line]:
    clients = 200 if board.is_quick else CLIENTS
    renders: list[float] = []
    sizes: list[int] = []
    with ExitStack() as stack:
        weir, nginx = stack.enter_context(Weir()), stack.enter_context(NginxStatic())
        window_s = board.window_of()
        runs = {
            "weir": partial(reload, weir, clients, renders, sizes, window_s=window_s),
            nginx.name: partial(fetch, nginx, clients, sizes, window_s=window_s),
        }
        found = board.compare("reload", runs, pairs=board.pairs_of(2))
    work = f"{clients} clients, 5 parts a second"
    size = f"{statistics.median(sizes):.0f} bytes" if sizes else ""
    return [
        found.line(ROW, METRIC, work, "µs CPU a reload", nginx.name, GOAL, note=size),
        absolute(ROW, "playlists rendered for a part", work, "", renders, RENDERS),
    ]


def reload(
    weir: Weir, clients: int, renders: list[float], sizes: list[int], *, window_s: float
) -> Reading:
    """µs of CPU for a reload."""
    media = replay.load(inputs.path_of("a"))
    with Loop() as loop:
        stream = weir.new_stream()
        fan_out.publish(loop, weir, stream, media)
        playlist = media_playlist(loop, weir.http, stream.name)
        players = []
        for number in range(clients):
            source = f"127.0.0.{2 + number % 19}"
            players.append(Player(loop, weir.http, playlist, source=source, with_parts=False))
            loop.run(1 / fan_out.RAMP_PER_S)
        loop.run(WARM_UP_S)
        rendered = weir.counter("packager", "weir_playlist_renders_total")
        reloads = sum(player.reloads for player in players)
        first = processes.snapshot(weir.pids())
        loop.run(window_s)
        last = processes.snapshot(weir.pids())
        rendered = weir.counter("packager", "weir_playlist_renders_total") - rendered
        reloads = sum(player.reloads for player in players) - reloads
        faults = [player.fault for player in players if player.fault]
        sizes.append(players[0].playlist_bytes)
    renders.append(rendered / (window_s / PART_S))
    window = processes.between(first, last)
    return Reading(
        value=1e6 * window.spent_s(WORKING) / max(1, reloads),
        whole=1e6 * window.spent_s() / max(1, reloads),
        window=window,
        delivered=min(1.0, 1.02 * reloads / (clients * window_s / PART_S)),
        fault=next(iter(faults), ""),
    )


def fetch(nginx: NginxStatic, clients: int, sizes: list[int], *, window_s: float) -> Reading:
    """The same bytes at the same rate."""
    path = nginx.put("playlist.m3u8", bytes(int(statistics.median(sizes or [4000]))))
    with Loop() as loop:
        askers = []
        for number in range(clients):
            askers.append(HTTPClient(loop, nginx.http, source=f"127.0.0.{2 + number % 19}"))
            loop.run(1 / fan_out.RAMP_PER_S)
        pacing = Pacing(loop, askers, path, every_s=PART_S, at_once=clients)
        loop.run(WARM_UP_S)
        answered = pacing.answered
        first = processes.snapshot(nginx.pids())
        loop.run(window_s)
        window = processes.between(first, processes.snapshot(nginx.pids()))
        answered = pacing.answered - answered
    return Reading(value=1e6 * window.spent_s() / max(1, answered), window=window)
