"""Row 12: what a live ladder costs.

Work: input B, live, to 720p, 480p and 360p; CPU of the transcoder and its ffmpeg. Beside: the best
single ffmpeg command that decodes once and writes the same three pictures away, and one ffmpeg a
rung, as in the system that Weir replaces. All with the same encoder settings.

Cheap must not mean worse pictures: the first seconds of B go through the transcoder's own command
line and through the best single one, and PSNR tells how near the rungs come to the source.
"""

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import inputs, processes, replay
from bench.board import Board
from bench.loop import Loop
from bench.psnr import mean_psnr
from bench.publisher import RTMPPublisher
from bench.reading import Reading
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, Ratio
from libs.events import TEMPLATES
from libs.ffmpeg import find_ffmpeg
from libs.rung_sizes import SizedRung
from services.transcoder.argv import build_argv
from services.transcoder.settings import TranscoderSettings

ROW = 12
METRIC = "live ladder"
WORK = "B to 720p, 480p, 360p"
UNIT = "ms CPU per s"
SINGLE, EACH = "one ffmpeg", "an ffmpeg a rung"
GOALS = {SINGLE: Goal(1.05), EACH: Goal(0.7)}
WORST_DB = Goal(-0.1, at_least=True, unit=" dB")
RUNGS = ((640, 360, 400), (854, 480, 600), (1280, 720, 1000))
SETTLED_S = 4.0
"""The beginning of a take, or of a process, does not count."""
LIVE_S = 30.0
POLL_S = 0.5
WINDOW_S = 20.0
CORES = 2
NOWHERE = (Path("/dev/null"),) * len(RUNGS)
PICTURES_S = 6
FPS = 30.0


def measure(board: Board) -> list[Line]:
    window_s = board.window_of(WINDOW_S)
    with ExitStack() as stack:
        weir = stack.enter_context(Weir())
        folder = Path(stack.enter_context(TemporaryDirectory()))
        live = _live(inputs.path_of("b"))
        runs = {
            "weir": partial(run_weir, weir, window_s),
            SINGLE: partial(run_ffmpegs, folder, [single_argv(live)], window_s),
            EACH: partial(run_ffmpegs, folder, rung_argvs(live), window_s),
        }
        found = board.compare("ladder", runs, pairs=board.pairs_of(3))
        pictures = compare_pictures(folder / "pictures")
    lines = [found.line(ROW, METRIC, WORK, UNIT, beside, goal) for beside, goal in GOALS.items()]
    return [*lines, *pictures]


def run_weir(weir: Weir, window_s: float) -> Reading:
    stream = weir.new_stream(ladder={"rungs": ["ld", "sd", "hd"]})
    with Loop() as loop:
        publisher = RTMPPublisher(loop, weir.rtmp, stream.push, replay.load(inputs.path_of("b")))
        _until_live(weir, loop, stream.name)
        loop.run(SETTLED_S)
        pids = processes.family(weir.pid_of("transcoder"))
        before = processes.snapshot(pids)
        loop.run(window_s)
        window = processes.between(before, processes.snapshot(pids))
        made = _rungs(weir, stream.name)
        publisher.close()
    fault = "" if len(made) == len(RUNGS) else f"made {made}"
    return _reading(window, fault=fault)


def run_ffmpegs(folder: Path, argvs: Sequence[Sequence[str]], window_s: float) -> Reading:
    started: list[subprocess.Popen[bytes]] = []
    try:
        # What is too much for one core would fall behind, and seem to cost less than it does.
        for at, argv in enumerate(argvs):
            started.append(processes.start(argv, folder=folder, core=at % CORES))
        time.sleep(SETTLED_S)
        before = processes.snapshot([each.pid for each in started])
        time.sleep(window_s)
        window = processes.between(before, processes.snapshot([each.pid for each in started]))
        is_running = all(each.poll() is None for each in started)
    finally:
        for each in started:
            processes.stop(each)
    return _reading(window, fault="" if is_running else "an ffmpeg ended")


def compare_pictures(folder: Path) -> list[Line]:
    """A line a rung. The encoders always make the same of the same: once is enough."""
    folder.mkdir()
    source = folder / "source.flv"
    _run([*_at_once(inputs.path_of("b")), "-t", str(PICTURES_S), "-c", "copy", str(source)])
    ours = [folder / f"weir{at}.flv" for at in range(len(RUNGS))]
    theirs = [folder / f"single{at}.flv" for at in range(len(RUNGS))]
    _make_ours(source, ours)
    _run(single_argv(_at_once(source), theirs))
    lines = []
    for (width, height, _), mine, other in zip(RUNGS, ours, theirs, strict=True):
        found = [mean_psnr(made, source, width=width, height=height) for made in (mine, other)]
        off = found[0] - found[1]
        verdict = WORST_DB.judge(Ratio(off, off, off))
        lines.append(
            Line(
                ROW, "picture of a rung, PSNR", f"{height}p, {PICTURES_S} s of B", "dB", found[0],
                SINGLE, found[1], None, str(WORST_DB), verdict, f"{off:+.2f}",
            )
        )  # fmt: skip
    return lines


def _make_ours(source: Path, made: Sequence[Path]) -> None:
    """As the transcoder's process makes them: the same command line, with files for pipes."""
    sized = [
        SizedRung(rung, width, height)
        for rung, (width, height, _) in zip(TEMPLATES.values(), RUNGS, strict=False)
    ]
    outputs = [os.open(path, os.O_WRONLY | os.O_CREAT) for path in made]
    preset = TranscoderSettings.model_fields["encoder_preset"].default
    argv = build_argv(
        find_ffmpeg(), list(zip(sized, outputs, strict=True)), frame_rate=FPS, preset=preset
    )
    try:
        with source.open("rb") as stdin:
            subprocess.run(argv, check=True, stdin=stdin, pass_fds=outputs)
    finally:
        for descriptor in outputs:
            os.close(descriptor)


def _run(argv: Sequence[str]) -> None:
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def single_argv(reading: Sequence[str], outputs: Sequence[Path] = NOWHERE) -> list[str]:
    """One decoding, three pictures."""
    names = [f"[s{at}]" for at in range(len(RUNGS))]
    graph = [f"[0:v]split={len(RUNGS)}{''.join(names)}"]
    graph += [
        f"{name}scale={width}:{height}[o{at}]"
        for at, (name, (width, height, _)) in enumerate(zip(names, RUNGS, strict=True))
    ]
    # The best that we know: one filter thread costs it, too, less than the default, one a core.
    argv = [*reading, "-filter_complex_threads", "1", "-filter_complex", ";".join(graph)]
    for at, ((_, _, kbps), output) in enumerate(zip(RUNGS, outputs, strict=True)):
        argv += ["-map", f"[o{at}]", *_encoding(kbps), str(output)]
    return argv


def rung_argvs(reading: Sequence[str]) -> list[list[str]]:
    """A decoding for each picture."""
    return [
        [*reading, "-an", "-vf", f"scale={width}:{height}", *_encoding(kbps), str(output)]
        for (width, height, kbps), output in zip(RUNGS, NOWHERE, strict=True)
    ]


def _live(source: Path) -> list[str]:
    return [*_decoding(), "-re", "-i", str(source)]


def _at_once(source: Path) -> list[str]:
    return [*_decoding(), "-i", str(source)]


def _decoding() -> list[str]:
    return [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-threads", "1"]


def _encoding(kbps: int) -> list[str]:
    rate = ["-b:v", f"{kbps}k", "-maxrate", f"{kbps * 3 // 2}k", "-bufsize", f"{kbps * 3 // 2}k"]
    return [
        "-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-bf", "0", "-g", "60",
        "-sc_threshold", "0", *rate, "-f", "flv",
    ]  # fmt: skip


def _reading(window: processes.Window, *, fault: str) -> Reading:
    return Reading(1000 * window.spent_s() / window.seconds, window, fault=fault)


def _until_live(weir: Weir, loop: Loop, stream: str) -> None:
    end = time.monotonic() + LIVE_S
    while len(_rungs(weir, stream)) < len(RUNGS):
        if time.monotonic() > end:
            raise TimeoutError("the ladder did not get live")
        loop.run(POLL_S)


def _rungs(weir: Weir, stream: str) -> list[str]:
    for job in weir.call("GET", "/api/v1/jobs")["jobs"]:
        if job["stream"] == stream and job["kind"] == "transcode" and job["report"]:
            report = job["report"]
            if report["state"] == "live":
                return [each["name"] for each in report["rungs"] if not each["left_out"]]
    return []
