"""Row 14: what a mark of the viewer's own costs.

Work: input B on air for a while; then viewers of marked links load its segments by HLS, each with a
mark that nobody has had before: CPU of gateway and transcoder, with the processes that it started,
for 10 s of picture. Beside: the ffmpeg line of the system that Weir replaces, for the same 10 s as
MPEG-TS (input C is of the same pictures).

(a)  every segment shows the mark
(b)  bursts: some do, by lot; so many viewers load so many segments that the share is the usual one
(c)  two variants: the same film as an asset with a forensic watermark, which is encoded twice, once
     for all; each viewer loads a mixture of their own. What counts is gateway and catalog, which
     serve it and note who was served. Beside it also the plain asset, and what of both is stored.

Segments are asked for from the last to the first, so that none is prepared: the first byte is that
of a segment which nobody expected. The line's comes when it has ended, as its answer did.
"""

import os
import re
import resource
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx2

from bench import inputs, processes, replay, two_variants
from bench.board import Board
from bench.loop import Loop
from bench.psnr import mean_psnr
from bench.publisher import RTMPPublisher
from bench.reading import Reading
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, Ratio
from libs.events.viewer_marks import ViewerMark
from libs.ffmpeg import find_ffmpeg
from libs.marks import Fonts, draw_grid

ROW = 14
METRIC = "a viewer's own mark"
UNIT = "ms CPU per 10 s"
LINE = "the ffmpeg line"
EVERY, BURSTS = "(a) every segment", "(b) bursts"
VARIANTS, PLAIN = "(c) two variants", "the plain asset"
GOALS = {EVERY: Goal(1.0), BURSTS: Goal(0.15), VARIANTS: Goal(0.001)}
STORED = Goal(2.1)
FIRST_BYTE = Goal(0.3)
WORST_DB = Goal(-0.1, at_least=True, unit=" dB")
SIZE = (1920, 1080)
LINE_S, GOP_S = 10, 2
ON_AIR_S = 26.0
LISTED_S = 40.0
POLL_S = 0.5
VIEWERS = 40
"""Whose lots are drawn, so that the share of segments is about the usual one."""
ENVIRONMENT = {"WEIR_WATERMARK_RATE": "1000", "WEIR_WATERMARK_BURST": "1000"}
"""These viewers load faster than they could watch."""
WORKING = ("gateway", "transcoder")


class Row(NamedTuple):
    name: str
    """Of its pictures, from the stream on, without what follows on a dot."""
    duration_s: float


class Recorded(NamedTuple):
    """What was on air, as far as it begins with keyframes."""

    weir: Weir
    stream: str
    rows: list[Row]

    @property
    def seconds(self) -> float:
        return sum(row.duration_s for row in self.rows)


def measure(board: Board) -> list[Line]:
    with ExitStack() as stack:
        weir = stack.enter_context(Weir(ENVIRONMENT))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        recorded = _record(weir, on_air_s=ON_AIR_S)
        source = _as_one_file(recorded, folder)
        film, plain = two_variants.make(weir)
        waits: list[float] = []
        line_s: list[float] = []
        viewers = 10 if board.is_quick else VIEWERS
        runs = {
            EVERY: partial(run_weir, recorded, "every", 1, []),
            BURSTS: partial(run_weir, recorded, "bursts", viewers, waits),
            VARIANTS: partial(two_variants.play, film, viewers),
            PLAIN: partial(two_variants.play, plain, viewers),
            LINE: partial(run_line, source, folder, line_s),
        }
        found = board.compare("marks", runs, pairs=board.pairs_of(2))
        pictures = compare_pictures(recorded, source, folder)
    work = f"{len(recorded.rows)} segments of B"
    lines = [
        found.line(
            ROW, METRIC, f"{'C' if way == VARIANTS else work}, {way}", UNIT, LINE, goal, ours=way
        )
        for way, goal in GOALS.items()
    ]
    lines.append(found.line(ROW, METRIC, f"C, {VARIANTS}", UNIT, PLAIN, None, ours=VARIANTS))
    return [*lines, *_first_bytes(waits, line_s), pictures, stored(film, plain)]


def stored(film: two_variants.Film, plain: two_variants.Film) -> Line:
    """The rung that both have: what stands for the source is encoded in the one, copied in the
    other.
    """
    ours, theirs = film.rung_bytes / 1e6, plain.rung_bytes / 1e6
    ratio = Ratio(ours / theirs, ours / theirs, ours / theirs)
    whole = sum(film.stored_bytes.values()) / sum(plain.stored_bytes.values())
    return Line(
        ROW, "stored, two variants", "1080p of C", "MB", ours, PLAIN, theirs, ratio, str(STORED),
        STORED.judge(ratio), f"the source too, at constant quality: {whole:.2f}",
    )  # fmt: skip


def run_weir(recorded: Recorded, mode: str, viewers: int, waits: list[float]) -> Reading:
    """`waits` gets how long each segment that shows the mark was waited for."""
    weir = recorded.weir
    pids = [weir.pid_of(name) for name in WORKING]
    before, spent = processes.snapshot(pids), sum(map(processes.reaped_s, pids))
    with httpx2.Client(base_url=weir.url, trust_env=False, timeout=60) as client:
        for _ in range(viewers):
            token = _token(recorded, mode)
            for row in reversed(recorded.rows):
                began = time.monotonic()
                with client.stream("GET", f"/~{token}/{row.name}.video.m4s") as answer:
                    answer.raise_for_status()
                    pieces = answer.iter_raw()
                    head = next(pieces)
                    waited_s = time.monotonic() - began
                    body = head + b"".join(pieces)
                if _is_burned(body):
                    waits.append(waited_s)
    window = processes.between(before, processes.snapshot(pids))
    spent = sum(map(processes.reaped_s, pids)) - spent
    shown_s = viewers * recorded.seconds
    return Reading(1000 * (window.spent_s() + spent) * LINE_S / shown_s, window)


def run_line(source: Path, folder: Path, line_s: list[float]) -> Reading:
    """The replaced system's, on Weir's core. The picture of the mark was drawn before."""
    _draw(folder)
    argv = _line(source, folder)
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = processes.start(argv, folder=folder)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, argv)
    line_s.append(time.monotonic() - began)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Reading(1000 * spent)


def _draw(folder: Path, *, opacity: float = 1.0) -> None:
    mark = _mark("james").model_copy(update={"opacity": opacity})
    drawn = draw_grid(mark, Fonts(), width=SIZE[0], height=SIZE[1])
    (folder / "mark.png").write_bytes(drawn.png())


def _line(source: Path, folder: Path) -> list[str]:
    return [
        find_ffmpeg(), "-y", "-loglevel", "error", "-i", str(source), "-i",
        str(folder / "mark.png"), "-filter_complex", "[0:v][1:v]overlay=0:0", "-preset",
        "superfast", "-f", "mpegts", "-copyts", "-c:v", "libx264", "-c:a", "copy",
        str(folder / "line.ts"),
    ]  # fmt: skip


def compare_pictures(recorded: Recorded, source: Path, folder: Path) -> Line:
    """Ours beside the line's, both of the same segments and with a mark that is not seen, so that
    encoding alone is compared.
    """
    _draw(folder, opacity=0)
    subprocess.run(_line(source, folder), check=True, stdin=subprocess.DEVNULL)
    made = folder / "ours.mp4"
    with httpx2.Client(base_url=recorded.weir.url, trust_env=False, timeout=60) as client:
        token = _token(recorded, "every", opacity=0)
        made.write_bytes(b"".join(_track(client, f"/~{token}/", _ten_seconds(recorded))))
    found = [
        mean_psnr(each, source, width=SIZE[0], height=SIZE[1])
        for each in (made, folder / "line.ts")
    ]
    off = found[0] - found[1]
    sizes = [made.stat().st_size, (folder / "line.ts").stat().st_size]
    return Line(
        ROW, "marked picture, PSNR", f"{LINE_S} s of B", "dB", found[0], LINE, found[1], None,
        str(WORST_DB), WORST_DB.judge(Ratio(off, off, off)),
        f"{off:+.2f}, {sizes[0] / sizes[1]:.2f} of the bytes",
    )  # fmt: skip


def _first_bytes(waits: Sequence[float], line_s: Sequence[float]) -> list[Line]:
    if not waits or not line_s:
        return []
    theirs = statistics.median(line_s)
    ordered = [each / theirs for each in sorted(waits)]
    ratio = Ratio(statistics.median(ordered), ordered[0], ordered[-1])
    return [
        Line(
            ROW, "first byte of a marked segment", BURSTS, "ms", 1000 * statistics.median(waits),
            LINE, 1000 * theirs, ratio, str(FIRST_BYTE), FIRST_BYTE.judge(ratio),
            f"{len(waits)} segments, none prepared",
        )
    ]  # fmt: skip


# --- what was on air ----------------------------------------------------------------------


def _record(weir: Weir, *, on_air_s: float) -> Recorded:
    """Up to its end: nothing is behind it that could be burned ahead."""
    stream = weir.new_stream(viewPolicy="signed", reconnectWindow=1)
    with Loop() as loop:
        publisher = RTMPPublisher(loop, weir.rtmp, stream.push, replay.load(inputs.path_of("b")))
        loop.run(on_air_s)
        publisher.close()
        end = time.monotonic() + LISTED_S
        while not (rows := _rows(weir, stream.name)):
            if time.monotonic() > end:
                raise TimeoutError("the session did not end")
            loop.run(POLL_S)
    # The first ones of a session are of another length.
    return Recorded(weir, stream.name, rows[2:])


def _rows(weir: Weir, stream: str) -> list[Row]:
    """None, before all are there."""
    sessions: list[dict[str, Any]] = weir.call("GET", "/api/v1/sessions")["sessions"]
    ended = (each for each in sessions if each["stream"] == stream and each["ended_at"])
    own = next((each["id"] for each in ended), None)
    if own is None:
        return []
    listed = weir.call("GET", f"/api/v1/sessions/{own}/segments?limit=1000")["segments"]
    folder = f"{stream}/{own}/source"
    return [Row(f"{folder}/{row['msn']}", row["duration_s"]) for row in listed]


def _ten_seconds(recorded: Recorded) -> list[Row]:
    found = recorded.rows[: LINE_S // GOP_S]
    if abs(sum(row.duration_s for row in found) - LINE_S) > 1:
        raise ValueError(f"B's segments are of other lengths: {found}")
    return found


def _as_one_file(recorded: Recorded, folder: Path) -> Path:
    """What the line reads: 10 s as MPEG-TS."""
    token = recorded.weir.call("POST", _tokens(recorded), {})["token"]
    path = folder / "plain.ts"
    with httpx2.Client(base_url=recorded.weir.url, trust_env=False, timeout=60) as client:
        names = [f"/~{token}/{row.name}.ts" for row in _ten_seconds(recorded)]
        path.write_bytes(b"".join(_body(client, name) for name in names))
    return path


def _track(client: httpx2.Client, link: str, rows: Sequence[Row]) -> Iterator[bytes]:
    """Init segment and pictures."""
    folder = link + rows[0].name.rpartition("/")[0]
    listed = _body(client, f"{folder}/video.m3u8").decode()
    (init,) = set(re.findall(r'EXT-X-MAP:URI="([^"]*)"', listed))
    yield _body(client, f"{folder}/{init.rpartition('/')[2]}")
    for row in rows:
        yield _body(client, f"{link}{row.name}.video.m4s")


def _body(client: httpx2.Client, path: str) -> bytes:
    answer = client.get(path)
    answer.raise_for_status()
    return bytes(answer.content)


def _is_burned(segment: bytes) -> bool:
    """x264's own parameter sets are in front of the first picture; B's are in the init segment."""
    return b"\x67" in segment[segment.index(b"mdat") :][8:9]


# --- marks --------------------------------------------------------------------------------


def _mark(viewer: str) -> ViewerMark:
    return ViewerMark(lines=(viewer, "xx@xx.com", "202306021047"))


def _token(recorded: Recorded, mode: str, *, opacity: float = 1.0) -> str:
    """Of a viewer who has seen nothing yet."""
    style = _mark(os.urandom(4).hex()).model_dump(mode="json", exclude={"position"})
    wanted = {"watermark": style | {"mode": mode, "opacity": opacity}}
    made: dict[str, str] = recorded.weir.call("POST", _tokens(recorded), wanted)
    return made["token"]


def _tokens(recorded: Recorded) -> str:
    return f"/api/v1/streams/{recorded.stream}/viewer-tokens"
