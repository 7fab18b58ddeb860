"""Row 6: when the frames of LL-HLS are there.

Work: input B, parts of 200 ms, one rendition; every frame's bytes at a client, less its publish;
1 and 200 clients with blocking reload that ask for the part that is hinted at. Beside: half a part,
the limit of the mean, and nginx-rtmp's HLS with segments of 2 s.
"""

import itertools
import re
import statistics
import time
from contextlib import ExitStack
from functools import partial

from bench import fan_out, inputs, processes, replay
from bench.board import Board, Comparison
from bench.hls import beside
from bench.http import HTTPClient, Reply
from bench.ll_hls import PartLedger, Player, media_playlist
from bench.loop import Loop
from bench.publisher import Publisher
from bench.reading import Reading, percentile
from bench.replay import Replay
from bench.servers.nginx_rtmp import NginxRTMP
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 6
METRIC = "LL-HLS frame availability"
PART_MS = 200
FRAME_MS = 1000 / 30
P50 = Goal(round(PART_MS / 2 + FRAME_MS + 40), unit=" ms")
P99 = Goal(round(PART_MS + FRAME_MS + 100), unit=" ms")
BESIDE = Goal(0.1)
CHECKED = 4
"""Of many clients so many parse every part."""
WARM_UP_S = 2.0
POLL_S = 0.1


def measure(board: Board) -> list[Line]:
    lines: list[Line] = []
    window_s = board.window_of()
    with ExitStack() as stack:
        weir = stack.enter_context(Weir())
        nginx = stack.enter_context(NginxRTMP(with_hls=True))
        for clients in board.sizes_of(1, 200, quick=50):
            runs = {
                "weir": partial(ll_hls, weir, clients, window_s=window_s),
                nginx.name: partial(hls, nginx, window_s=window_s),
            }
            found = board.compare(f"{clients} clients", runs, pairs=board.pairs_of(5))
            lines += _lines(found, clients)
    return lines


def ll_hls(weir: Weir, clients: int, *, window_s: float) -> Reading:
    """p50 in ms, p99 beside it."""
    media = replay.load(inputs.path_of("b"))
    with Loop() as loop:
        stream = weir.new_stream()
        publisher = fan_out.publish(loop, weir, stream, media)
        playlist = media_playlist(loop, weir.http, stream.name)
        ledgers = [PartLedger(media, publisher) for _ in range(min(clients, CHECKED))]
        players = []
        # Who came first may be served first: those that look are spread over all.
        looking = {int((at + 0.5) * clients / len(ledgers)): at for at in range(len(ledgers))}
        for number in range(clients):
            ledger = ledgers[looking[number]] if number in looking else None
            source = f"127.0.0.{2 + number % 19}"
            players.append(Player(loop, weir.http, playlist, source=source, ledger=ledger))
            loop.run(1 / fan_out.RAMP_PER_S)
        loop.run(WARM_UP_S)
        for ledger in ledgers:
            ledger.lags_ms.clear()
        first = processes.snapshot(weir.pids())
        loop.run(window_s)
        window = processes.between(first, processes.snapshot(weir.pids()))
    lags = [lag for ledger in ledgers for lag in ledger.lags_ms]
    expected = 30 * window_s * len(ledgers)
    faults = [ledger.fault for ledger in ledgers] + [player.fault for player in players]
    return Reading(
        value=percentile(lags, 0.5),
        lag_p50_ms=percentile(lags, 0.5),
        lag_p99_ms=percentile(lags, 0.99),
        window=window,
        delivered=min(1.0, (len(lags) + 6 * len(ledgers)) / expected),
        fault=next(filter(None, faults), ""),
    )


def hls(nginx: NginxRTMP, *, window_s: float) -> Reading:
    """The same of nginx's HLS: its fragment n is GOP n of the publish."""
    media = replay.load(inputs.path_of("b"))
    with Loop() as loop:
        stream = nginx.new_stream()
        publisher = fan_out.publish(loop, nginx, stream, media)
        watcher = _FragmentWatcher(loop, nginx, f"/{stream.name}.m3u8", media, publisher)
        loop.run(max(window_s, 8.0))
    return Reading(
        value=percentile(watcher.lags_ms, 0.5),
        lag_p50_ms=percentile(watcher.lags_ms, 0.5),
        lag_p99_ms=percentile(watcher.lags_ms, 0.99),
    )


class _FragmentWatcher:
    """Polls a playlist and fetches each new fragment."""

    def __init__(
        self, loop: Loop, nginx: NginxRTMP, path: str, media: Replay, publisher: Publisher
    ) -> None:
        self.lags_ms: list[float] = []
        self._loop = loop
        self._client = HTTPClient(loop, nginx.http)
        self._path = path
        self._publisher = publisher
        self._frames = media.frames
        starts = [n for n, frame in enumerate(media.frames) if frame.is_keyframe]
        self._gops = [range(a, b) for a, b in itertools.pairwise(starts)]
        self._done: set[int] = set()
        self._poll()

    def _poll(self) -> None:
        self._client.get(self._path, self._on_playlist)

    def _on_playlist(self, reply: Reply) -> None:
        for number in re.findall(r"-(\d+)\.ts", reply.body.decode("latin-1")):
            if int(number) not in self._done:
                name = self._path.rpartition(".")[0]
                path = beside(self._path, f"{name}-{number}.ts")
                self._client.get(path, partial(self._on_fragment, int(number)), keeps_body=False)
                return
        self._loop.at(time.monotonic() + POLL_S, self._poll)

    def _on_fragment(self, number: int, reply: Reply) -> None:
        self._done.add(number)
        for frame in self._gops[number] if reply.status == 200 else ():
            if self._frames[frame].is_video:
                sent_at = self._publisher.sent_at[frame]
                self.lags_ms.append(1000 * (reply.last_byte_at - sent_at))
        self._poll()


def _lines(found: Comparison, clients: int) -> list[Line]:
    work = f"{clients} clients on B" if clients > 1 else "1 client on B"
    readings = found.readings.get("weir", [])
    p50s = [reading.lag_p50_ms for reading in readings]
    p99s = [reading.lag_p99_ms for reading in readings]
    lines = [
        absolute(ROW, METRIC + ", p50", work, "ms", p50s, P50),
        absolute(ROW, METRIC + ", p99", work, "ms", p99s, P99),
        found.line(ROW, METRIC + ", p50", work, "ms", NginxRTMP.name, BESIDE),
    ]
    if p50s:
        ratio = statistics.median(p50s) / (PART_MS / 2)
        lines.append(absolute(ROW, METRIC + ", beside half a part", work, "x", [ratio], None))
    return lines
