"""Row 16: record and upload.

Work: 50 streams of input A, each recorded into a store that takes 150 ms for an object. The whole
house counts. Beside: what the system that Weir replaces does to record, an ffmpeg a stream that
listens for RTMP and cuts segments of 2 s without encoding; these go to a local disk, and are not
uploaded. From when a segment is ready, that is when its last frame was due, to when the store has
it. Then, in a run of its own, the store is dead for 20 s: every frame that was published must be
in a segment that the store has, and the packager's memory must not hold what piles up.
"""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench import inputs, processes, replay
from bench.board import Board
from bench.connection import source_of
from bench.loop import Loop
from bench.publisher import RTMPPublisher
from bench.reading import Reading, percentile
from bench.replay import Replay
from bench.servers.server import free_port
from bench.servers.store import SlowStore
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute
from libs.ffmpeg import find_ffmpeg

ROW = 16
METRIC = "record and upload"
UNIT = "µs CPU per stream-s"
CUTTING = "an ffmpeg a stream"
STREAMS = 50
SEGMENT_S = 2
PUT_MS = 150
CPU = Goal(1.5)
STORED, NONE, GROWTH = Goal(SEGMENT_S, unit=" s"), Goal(0, unit=""), Goal(32, unit=" MB")
"""What piles up meanwhile is more than twice as much."""
RAMP_S = 0.02
WARM_UP_S = 8.0
STARTED_S = 60.0
DEAD_AFTER_S, DEAD_S, AFTERWARDS_S = 24.0, 20.0, 10.0
"""The live window of 26 s is full when the store dies: what grows from then on is what piles up."""
DRAINED_S = 60.0
MB = 1024 * 1024


class Recorded(NamedTuple):
    """What the house says of all streams, and the store of itself."""

    rows: list[dict[str, Any]]
    puts: Mapping[str, float]

    def waits_s(self, begin: float, end: float) -> list[float]:
        """Of the segments that were ready in between, how long each took into the store."""
        found = []
        for row in self.rows:
            ready_at = _unix_s(row["starts_at"]) + row["duration_s"]
            if begin <= ready_at < end:
                found.append(self.puts.get(row["object_key"], float("inf")) - ready_at)
        return found

    @property
    def stored_frames(self) -> int:
        """Of video, in segments that the store has."""
        return sum(
            track["samples"]
            for row in self.rows if row["object_key"] in self.puts
            for track in row["tracks"] if track["kind"] == "video"
        )  # fmt: skip


def measure(board: Board) -> list[Line]:
    window_s = board.window_of()
    waits: list[float] = []
    runs = {
        "weir": partial(run_weir, window_s, waits),
        CUTTING: partial(run_ffmpegs, window_s),
    }
    found = board.compare("recording", runs, pairs=board.pairs_of(2))
    work = f"{STREAMS} streams of A, store at {PUT_MS} ms"
    lost, growth_mb = dead_store()
    board.say(f"  the store dead for {DEAD_S:.0f} s: {lost} frames lost, {growth_mb:.1f} MB more")
    dead = f"{work}, dead for {DEAD_S:.0f} s"
    return [
        found.line(ROW, METRIC, work, UNIT, CUTTING, CPU),
        absolute(ROW, "ready to stored, p99", work, "s", waits, STORED),
        absolute(ROW, "frames lost", dead, "", [lost], NONE),
        absolute(ROW, "growth of the packager", dead, "MB", [growth_mb], GROWTH),
    ]


def run_weir(window_s: float, waits: list[float]) -> Reading:
    with ExitStack() as stack:
        store = stack.enter_context(SlowStore(put_delay_ms=PUT_MS))
        weir = stack.enter_context(Weir({"WEIR_STORE_URL": store.store_url}))
        loop = stack.enter_context(Loop())
        streams, publishers = _on_air(weir, loop)
        began = time.time()
        before = processes.snapshot(weir.pids())
        loop.run(window_s)
        window = processes.between(before, processes.snapshot(weir.pids()))
        ended = time.time()
        loop.run(2 * SEGMENT_S)
        found = _recorded(weir, store, streams)
        unsent = sum(each.peer.connection.unsent_bytes for each in publishers)
        waited_s = found.waits_s(began, ended)
        wanted = STREAMS * (window_s / SEGMENT_S - 1)
        stored = sum(each < float("inf") for each in waited_s)
        fault = "" if wanted <= stored == len(waited_s) else f"{stored} segments, not {wanted:.0f}"
    p99_s = percentile(waited_s, 0.99)
    if not fault:
        waits.append(p99_s)
    return Reading(
        1e6 * window.spent_s() / (STREAMS * window_s),
        window,
        lag_p50_ms=1000 * percentile(waited_s, 0.5),
        lag_p99_ms=1000 * p99_s,
        fault=fault or (f"{unsent} bytes were not taken" if unsent else ""),
    )


def run_ffmpegs(window_s: float) -> Reading:
    media = _media()
    with TemporaryDirectory() as name, ExitStack() as stack:
        loop = stack.enter_context(Loop())
        started, publishers = [], []
        for number in range(STREAMS):
            folder, port = Path(name) / str(number), free_port()
            process = processes.start(_cutting(folder, port), folder=folder)
            stack.callback(processes.stop, process)
            processes.favour(process.pid)
            started.append((process, port))
        for process, port in started:
            _await_listening(process.pid)
            publisher = RTMPPublisher(loop, ("127.0.0.1", port), "bench", media)
            stack.callback(publisher.close)  # an ffmpeg that reads hears no signal
            publishers.append(publisher)
            loop.run(RAMP_S)
        _settle(loop, publishers)
        pids = [process.pid for process, _ in started]
        before = processes.snapshot(pids)
        loop.run(window_s)
        window = processes.between(before, processes.snapshot(pids))
        cut = min(len(list((Path(name) / str(at)).glob("*.ts"))) for at in range(STREAMS))
    fault = "" if cut >= window_s // SEGMENT_S else f"only {cut} segments of a stream"
    return Reading(1e6 * window.spent_s() / (STREAMS * window_s), window, fault=fault)


def dead_store() -> tuple[int, float]:
    """Frames that were published and are not stored, and MB that the packager grew meanwhile."""
    with ExitStack() as stack:
        store = stack.enter_context(SlowStore(put_delay_ms=PUT_MS))
        weir = stack.enter_context(Weir({"WEIR_STORE_URL": store.store_url}))
        loop = stack.enter_context(Loop())
        streams, publishers = _on_air(weir, loop)
        loop.run(DEAD_AFTER_S)
        packager = weir.pid_of("packager")
        before = processes.private_bytes(packager)
        store.die(DEAD_S)
        most = before
        for _ in range(int(DEAD_S)):
            loop.run(1.0)
            most = max(most, processes.private_bytes(packager))
        loop.run(AFTERWARDS_S)
        loop.until(
            lambda: not any(each.peer.connection.unsent_bytes for each in publishers),
            timeout_s=STARTED_S,
            what="the last bytes",
        )
        sent = sum(
            frame.is_video
            for each in publishers for frame in _media().frames[: each.position]
        )  # fmt: skip
        for publisher in publishers:
            publisher.close()
        lost = sent
        end = time.monotonic() + DRAINED_S
        while lost and time.monotonic() < end:
            loop.run(1.0)
            lost = sent - _recorded(weir, store, streams).stored_frames
    return lost, (most - before) / MB


def _on_air(weir: Weir, loop: Loop) -> tuple[list[str], list[RTMPPublisher]]:
    """Streams that have been on air for a while, and their publishers."""
    media = _media()
    streams = [weir.new_stream(reconnectWindow=0) for _ in range(STREAMS)]
    publishers = []
    for number, stream in enumerate(streams):
        publishers.append(
            RTMPPublisher(loop, weir.rtmp, stream.push, media, source=source_of(number))
        )
        loop.run(RAMP_S)
    _settle(loop, publishers)
    return [stream.name for stream in streams], publishers


def _settle(loop: Loop, publishers: Sequence[RTMPPublisher]) -> None:
    loop.until(
        lambda: all(each.is_started for each in publishers),
        timeout_s=STARTED_S,
        what=f"{STREAMS} publishes",
    )
    loop.run(WARM_UP_S)


def _recorded(weir: Weir, store: SlowStore, streams: Sequence[str]) -> Recorded:
    rows: list[dict[str, Any]] = []
    for stream in streams:
        for session in weir.call("GET", f"/api/v1/sessions?stream={stream}")["sessions"]:
            path = f"/api/v1/sessions/{session['id']}/segments?limit=1000"
            rows += weir.call("GET", path)["segments"]
    return Recorded(rows, store.puts())


def _media() -> Replay:
    return replay.load(inputs.path_of("a"), loops=2)


def _cutting(folder: Path, port: int) -> list[object]:
    return [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-listen", "1",
        "-i", f"rtmp://127.0.0.1:{port}/live/bench", "-c", "copy", "-f", "segment",
        "-segment_time", SEGMENT_S, folder / "%d.ts",
    ]  # fmt: skip


def _await_listening(pid: int) -> None:
    """Without a connection: ffmpeg takes one, and no other."""
    end = time.monotonic() + STARTED_S
    while time.monotonic() < end:
        try:
            processes.listening_port(pid)
        except LookupError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("an ffmpeg does not listen")


def _unix_s(at: str) -> float:
    return dt.datetime.fromisoformat(at).timestamp()
