"""Row 13: how fast an upload becomes an asset, and what a kill costs.

Work: 120 s of input B, as a file, to the source and three rungs, on two cores: from the moment
that the upload was accepted to the one at which all can be played. Beside: one ffmpeg with
`-threads 0` that decodes once and writes the same three rungs to files, with the same encoder
settings. It is given the file at once, and cuts, stores and announces nothing.

Then once more, and at half of it the worker is killed: what was made and is made again, of the
chunks that it was at.
"""

import base64
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from bench import inputs
from bench.board import Board
from bench.reading import Reading
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute
from libs.ffmpeg import find_ffmpeg

ROW = 13
METRIC, KILLED = "upload to asset, wall", "killed at half: made twice"
WORK = "120 s of B to 720p, 480p, 360p"
BESIDE = "ffmpeg -threads 0"
GOAL, TWICE = Goal(1.05), Goal(30, unit=" s of media")
RUNGS = ((640, 360, 400), (854, 480, 600), (1280, 720, 1000))
LADDER = "ld,sd,hd"
SECONDS, TIMES = 120, 2
MADE_S = 600.0
LOOK_S = 0.1
HALF = 0.5
BODY_BYTES = 32 << 20


def measure(board: Board) -> list[Line]:
    with ExitStack() as stack:
        weir = stack.enter_context(Weir(core=None))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        film = _film(folder)
        runs = {"weir": partial(run_weir, weir, film), BESIDE: partial(run_ffmpeg, folder, film)}
        found = board.compare("asset", runs, pairs=board.pairs_of(3))
        line = found.line(ROW, METRIC, WORK, "s", BESIDE, GOAL)
        return [line, absolute(ROW, KILLED, WORK, "s", [run_killed(weir, film)], TWICE)]


def run_weir(weir: Weir, film: Path) -> Reading:
    began_s, asset = _begin(weir, film)
    done = _until(
        weir, f"/api/v1/assets/{asset}", lambda seen: seen["state"] in {"ready", "failed"}
    )
    wall_s = time.monotonic() - began_s
    weir.call("DELETE", f"/api/v1/assets/{asset}")
    fault = "" if done["state"] == "ready" else str(done["reason"])
    return Reading(wall_s, fault=fault)


def run_ffmpeg(folder: Path, film: Path) -> Reading:
    names = [f"[s{at}]" for at in range(len(RUNGS))]
    graph = [f"[0:v]split={len(RUNGS)}{''.join(names)}"]
    graph += [
        f"{name}scale={width}:{height}[o{at}]"
        for at, (name, (width, height, _)) in enumerate(zip(names, RUNGS, strict=True))
    ]
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-threads", "0"]
    argv += ["-i", str(film), "-filter_complex", ";".join(graph)]
    for at, (_, _, kbps) in enumerate(RUNGS):
        most = f"{kbps * 3 // 2}k"
        argv += [
            "-map", f"[o{at}]", "-c:v", "libx264", "-preset", "veryfast", "-threads", "0",
            "-bf", "0", "-g", "120", "-sc_threshold", "0", "-b:v", f"{kbps}k", "-maxrate", most,
            "-bufsize", most, str(folder / f"rung{at}.mp4"),
        ]  # fmt: skip
    began_s = time.monotonic()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return Reading(time.monotonic() - began_s)


def run_killed(weir: Weir, film: Path) -> float:
    """Media that were made twice, in seconds."""
    _, asset = _begin(weir, film)
    path = f"/api/v1/jobs?stream={asset}&kind=chunk"

    def share(seen: dict[str, Any]) -> float:
        jobs = seen["jobs"]
        return sum(job["progress"] for job in jobs) / len(jobs) if jobs else 0.0

    _until(weir, path, lambda seen: share(seen) >= HALF)
    os.kill(weir.pid_of("transcoder"), signal.SIGKILL)
    _until(weir, f"/api/v1/assets/{asset}", lambda seen: seen["state"] == "ready")
    twice_s = 0.0
    for job in weir.call("GET", path)["jobs"]:
        detail = weir.call("GET", f"/api/v1/jobs/{job['id']}")
        lasts_s = sum(detail["params"]["segments_90k"]) / 90_000
        twice_s += sum(each["progress"] * lasts_s for each in detail["attempts"][:-1])
    return twice_s


def _film(folder: Path) -> Path:
    """B, as often as it takes."""
    film = folder / "film.flv"
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-stream_loop", str(TIMES - 1)]
    argv += ["-i", str(inputs.path_of("b")), "-c", "copy", "-t", str(SECONDS), str(film)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return film


def _begin(weir: Weir, film: Path) -> tuple[float, str]:
    """When the upload was accepted, and the asset that is made of it."""
    pairs = {"filename": film.name, "ladder": LADDER}
    said = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items())
    headers = {"x-api-key": weir.credentials["api_key"], "tus-resumable": "1.0.0"}
    data = film.read_bytes()
    about = {"upload-length": str(len(data)), "upload-metadata": said}
    path = "/api/v1/uploads"
    made = httpx2.post(weir.url + path, headers=headers | about, timeout=30).raise_for_status()
    upload = made.headers["location"].rpartition("/")[2]
    for offset in range(0, len(data), BODY_BYTES):
        how = {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
        body = data[offset : offset + BODY_BYTES]
        url = f"{weir.url}{path}/{upload}"
        answer = httpx2.patch(url, headers=headers | how, content=body, timeout=120)
        answer.raise_for_status()
    page = _until(weir, f"/api/v1/assets?upload={upload}", lambda seen: bool(seen["assets"]))
    return time.monotonic(), page["assets"][0]["id"]


def _until(weir: Weir, path: str, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end_s = time.monotonic() + MADE_S
    while True:
        seen: dict[str, Any] = weir.call("GET", path)
        if is_it(seen):
            return seen
        if time.monotonic() > end_s:
            raise TimeoutError(f"{path} is not done after {MADE_S:.0f} s")
        time.sleep(LOOK_S)
