"""Row 15: snapshots, a JPEG every 10 s of each stream.

Work: 20 streams of input A on air. What counts is what the pictures cost: CPU of the transcoder and
its decoder, the catalog and the bus, less what the same four spend on 20 streams without pictures.
Beside: the way of the system that Weir replaces, an ffmpeg a stream that decodes everything and
keeps a picture of 10 s (`-vf fps=1/10`).
"""

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import inputs, processes, replay
from bench.board import Board
from bench.connection import source_of
from bench.loop import Loop
from bench.publisher import RTMPPublisher
from bench.reading import Reading
from bench.servers.weir import Weir
from bench.verdict import Goal, Line
from libs.ffmpeg import find_ffmpeg

ROW = 15
METRIC = "snapshots"
UNIT = "µs CPU per stream-s"
DECODING = "full decode"
GOAL = Goal(0.05)
STREAMS = 20
EVERY_S = 10
WARM_UP_S = 8.0
"""The first pictures, and the start of the process that decodes, do not count."""
STARTED_S = 30.0
WORKING = frozenset({"transcoder", "catalog", "nats-server"})
PYTHON = "python"
"""So begins the name of the decoder, and that of what started the house, which sleeps."""
PICTURES: dict[str, Any] = {"isImage": True, "image_time": EVERY_S}
CORES = 2


def measure(board: Board) -> list[Line]:
    window_s = max(2 * EVERY_S, board.window_of())
    with ExitStack() as stack:
        weir = stack.enter_context(Weir())
        runs = {
            "weir": partial(run_weir, weir, window_s),
            DECODING: partial(run_ffmpegs, window_s),
        }
        found = board.compare("snapshots", runs, pairs=board.pairs_of(2))
    whole = [f"{reading.whole:.0f} µs" for reading in found.readings.get("weir", [])]
    note = f"whole house {', '.join(whole)} more" if whole else ""
    work = f"{STREAMS} streams of A, each {EVERY_S} s"
    return [found.line(ROW, METRIC, work, UNIT, DECODING, GOAL, note=note)]


def run_weir(weir: Weir, window_s: float) -> Reading:
    """What 20 streams cost more with pictures."""
    plain, _ = _on_air(weir, window_s, {})
    pictured, made = _on_air(weir, window_s, PICTURES)
    unit = 1e6 / (STREAMS * window_s)
    return Reading(
        unit * (_spent_s(pictured) - _spent_s(plain)),
        pictured,
        whole=unit * (pictured.spent_s() - plain.spent_s()),
        fault=_fault(made, window_s),
    )


def run_ffmpegs(window_s: float) -> Reading:
    with TemporaryDirectory() as name, ExitStack() as stack:
        folders = [Path(name) / str(number) for number in range(STREAMS)]
        started = []
        for number, folder in enumerate(folders):
            # What is too much for one core would fall behind, and seem to cost less than it does.
            process = processes.start(_decoding(folder), folder=folder, core=number % CORES)
            stack.callback(processes.stop, process)
            processes.favour(process.pid)
            started.append(process)
        time.sleep(WARM_UP_S)
        pids = [process.pid for process in started]
        pictures = _count(folders)
        before = processes.snapshot(pids)
        time.sleep(window_s)
        window = processes.between(before, processes.snapshot(pids))
        made = _count(folders) - pictures
    return Reading(
        1e6 * window.spent_s() / (STREAMS * window_s), window, fault=_fault(made, window_s)
    )


def _on_air(weir: Weir, window_s: float, item: dict[str, Any]) -> tuple[processes.Window, int]:
    """What the house spent in the window, and how many pictures it made in it."""
    loops = math.ceil((WARM_UP_S + window_s) / 60) + 1
    media = replay.load(inputs.path_of("a"), loops=loops)
    streams = [weir.new_stream(**item) for _ in range(STREAMS)]
    folders = [weir.folder / "data" / "store" / stream.name for stream in streams]
    with Loop() as loop:
        publishers = [
            RTMPPublisher(loop, weir.rtmp, each.push, media, source=source_of(number))
            for number, each in enumerate(streams)
        ]
        loop.until(
            lambda: all(each.is_started for each in publishers),
            timeout_s=STARTED_S,
            what="the publishes",
        )
        loop.run(WARM_UP_S)
        pids = weir.pids()
        pictures = _count(folders)
        before = processes.snapshot(pids)
        loop.run(window_s)
        window = processes.between(before, processes.snapshot(pids))
        made = _count(folders) - pictures
        for publisher in publishers:
            publisher.close()
    for stream in streams:
        weir.call("DELETE", f"/api/v1/streams/{stream.name}")
    return window, made


def _spent_s(window: processes.Window) -> float:
    """By those that have to do with pictures."""
    return window.spent_s(
        {name for name in window.cpu_s if name in WORKING or name.startswith(PYTHON)}
    )


def _decoding(folder: Path) -> list[object]:
    return [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-threads", "1", "-re",
        "-stream_loop", "-1", "-i", inputs.path_of("a"), "-an", "-vf", f"fps=1/{EVERY_S}",
        "-threads", "1", folder / "%d.jpg",
    ]  # fmt: skip


def _count(folders: Sequence[Path]) -> int:
    return sum(1 for folder in folders for _ in folder.rglob("*.jpg"))


def _fault(made: int, window_s: float) -> str:
    """One picture a stream may lie on either side of the window's borders."""
    wanted = STREAMS * window_s / EVERY_S
    return "" if abs(made - wanted) <= STREAMS / 2 else f"{made} pictures, not {wanted:.0f}"
