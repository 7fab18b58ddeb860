"""Marks in the picture of live streams: what the world gets of them, from a whole Weir."""

import asyncio
import io
import itertools
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image, ImageChops, ImageStat

from libs.events.marks import ClockMark
from libs.ffmpeg import find_ffmpeg
from libs.marks import Fonts
from libs.media.flv import Tag, TagType, is_sequence_header
from libs.rtmp import RTMPPublisher
from libs.tags.cues import ClockCue, DiscontinuityCue, is_cue, read_cue
from services.transcoder.layers import clock
from tests import faults
from tests.faults import Push, healthy
from tests.media import push
from tests.ports import free_port
from tests.rungs import Inside, frames, sounds
from tests.running import RunningWeir
from tests.waiting import until
from tests.worlds import BRIGHT, World, decode

pytestmark = pytest.mark.integration

FPS, GOP_FRAMES = 25, 25
GALLERY = "127.0.0.2"
CLOCK_S = 1
"""A clock shows whole seconds, and ingest smooths its wall clock."""
BLOCK = "\u2588"
"""A letter that fills its whole box."""
LEFT = [{"kind": "text", "text": BLOCK, "size": 60, "x": 20, "y": 20}]
RIGHT = [{"kind": "text", "text": BLOCK, "size": 60, "x": 20, "y": 20, "anchor": "top_right"}]
EDGE_SOUNDS = 3
"""A session that is marked begins with its first picture; some sound is sent before it."""
SHOWN_S = 3.0
"""How soon a change shows."""
BUSY_S = 5.0
"""What a machine that has other work may take on top."""


@pytest.fixture(scope="module")
def marking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    weir = RunningWeir(tmp_path_factory.mktemp("marking"))
    weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast", "WEIR_EGRESS_ALLOW": f"{GALLERY}/32"}
    weir.start()
    yield weir
    weir.stop()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A black picture: whatever is bright on it was laid over it."""
    path = tmp_path_factory.mktemp("media") / "black.flv"
    picture = f"color=c=black:size=320x180:rate={FPS}:duration=90"
    tone = "sine=frequency=440:sample_rate=48000:duration=90"
    argv = [
        find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error",
        "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone,
        "-c:v", "libx264", "-preset", "ultrafast", "-g", str(GOP_FRAMES), "-sc_threshold", "0",
        "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", str(path),
    ]  # fmt: skip
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


def assert_whole(world: list[Tag], source: list[Tag]) -> None:
    """Every picture of the source, and every sound behind the first one, once, with its time; a
    clock before each keyframe.
    """
    assert frames(world) == frames(source)
    heard = sounds(world)
    assert heard == sounds(source)[-len(heard) :]
    assert len(sounds(source)) - len(heard) <= EDGE_SOUNDS
    for before, tag in itertools.pairwise(world):
        if tag.type is TagType.VIDEO and not is_sequence_header(tag) and tag.body[0] >> 4 == 1:
            assert isinstance(read_cue(before) if is_cue(before) else None, ClockCue)


async def marked(world: World, where: str, what: str, within_s: float = SHOWN_S + BUSY_S) -> None:
    await until(lambda: world.now() == where, within_s=within_s, what=what)


async def test_stream_with_marks_shows_no_picture_without_them(
    marking: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = marking.create_stream(watermark=LEFT, reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(marking, stream["id"])
    world, clean = World(inside), World(inside, is_inside=True)
    await marked(world, "left", "the mark", within_s=20)
    url = f"{marking.http_url}/{stream['id']}/live.flv"
    shot = subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", url, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt",
         "gray", "-"], capture_output=True, check=True, timeout=30,
    ).stdout  # fmt: skip
    assert shot[45 * 320 + 30] > BRIGHT, "the public FLV is marked"
    publishers[0].kill()
    await asyncio.gather(world.end(), clean.end())
    assert {where for _, where in world.pictures()} == {"left"}
    assert {where for _, where in clean.pictures()} == {""}
    assert_whole(world.tags, clean.tags)


async def test_marks_are_set_changed_and_taken_away_while_live_and_no_picture_is_lost(
    marking: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = marking.create_stream(reconnectWindow=1)
    path = f"/api/v1/streams/{stream['id']}"
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(marking, stream["id"])
    world, clean = World(inside), World(inside, is_inside=True)
    await until(lambda: len(world.tags) > 100, what="the source")
    took: list[float] = []
    for marks, where in ((LEFT, "left"), (RIGHT, "right"), (None, ""), (RIGHT, "right")):
        began = time.monotonic()
        marking.call("PATCH", path, {"item": {"watermark": marks}})
        await marked(world, where, f"{where or 'no'} mark")
        took.append(time.monotonic() - began)
    print("shown after", [f"{seconds:.1f} s" for seconds in took])  # noqa: T201 - `pytest -s`
    publishers[0].kill()
    await asyncio.gather(world.end(), clean.end())
    assert_whole(world.tags, clean.tags)
    steps = [where for where, _ in itertools.groupby(where for _, where in world.pictures())]
    assert steps == ["", "left", "right", "", "right"]


async def test_maker_that_is_killed_leaves_a_hole_and_never_the_clean_picture(
    own_weir: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    own_weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    own_weir.start()
    # As the replaced system's clients say it.
    stream = own_weir.create_stream(
        isWaterMark="true", WaterMarkText=BLOCK, WaterMarkFontSize="60", WaterMarkFontColor="white",
        WaterMarkTop="20", WaterMarkLeft="20", reconnectWindow=1,
    )  # fmt: skip
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(own_weir, stream["id"])
    world = World(inside)
    await marked(world, "left", "the mark", within_s=20)
    own_weir.add("transcoder")
    own_weir.kill("transcoder", signal.SIGKILL)
    seen = len(world.tags)
    await until(lambda: len(world.tags) > seen + 100, within_s=20, what="the successor")
    publishers[0].kill()
    await world.end()
    assert {where for _, where in world.pictures()} == {"left"}


class Gallery:
    """A web server of one picture, on an address of loopback that the operator lets users name."""

    def __init__(self) -> None:
        self.hits = 0
        self.has_it = True
        gallery = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gallery.hits += 1
                self.send_response(200 if gallery.has_it else 404)
                self.end_headers()
                self.wfile.write(white_png() if gallery.has_it else b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer((GALLERY, 0), Handler)
        self.url = f"http://{GALLERY}:{self.server.server_port}/logo.png"


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    running = Gallery()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


def white_png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(out, "PNG")
    return out.getvalue()


def report(weir: RunningWeir, inside: Inside) -> dict[str, Any]:
    """What the transcoding of a session says of itself."""
    said: dict[str, Any] = weir.call("GET", f"/api/v1/jobs/transcode-{inside.session}")
    return said["report"] or {}


async def test_pictures_are_uploaded_or_fetched_and_one_that_is_missing_is_said(
    marking: RunningWeir,
    source: Path,
    gallery: Gallery,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    answer = httpx2.post(
        f"{marking.http_url}/api/v1/images",
        content=white_png(),
        headers={"x-api-key": marking.credentials["api_key"], "content-type": "image/png"},
    )
    assert answer.status_code == 201, answer.text
    place = {"kind": "image", "width": 60, "height": 60, "x": 10, "y": 20}
    uploaded = {**place, "image": answer.json()["id"]}
    stream = marking.create_stream(watermark=[uploaded], reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(marking, stream["id"])
    world = World(inside)
    await marked(world, "left", "the uploaded picture", within_s=20)
    whole = [{"kind": "image", "left_out": None, "detail": None}]
    await until(lambda: report(marking, inside).get("marks") == whole, what="the report")

    fetched = {**place, "url": gallery.url, "anchor": "top_right"}
    nowhere = {**place, "url": f"http://{GALLERY}:{free_port()}/logo.png"}
    off_frame = {"kind": "text", "text": "far out", "x": 5000}
    path = f"/api/v1/streams/{stream['id']}"
    marking.call("PATCH", path, {"item": {"watermark": [nowhere, fetched, off_frame]}})
    await marked(world, "right", "the fetched picture")
    assert gallery.hits == 1
    await until(lambda: len(report(marking, inside)["marks"]) == 3, what="the report")
    left_out = [mark["left_out"] for mark in report(marking, inside)["marks"]]
    assert left_out == ["fetch_failed", None, "mark_off_frame"]
    assert "cannot be fetched" in report(marking, inside)["marks"][0]["detail"]
    publishers[0].kill()
    await world.end()
    steps = [where for where, _ in itertools.groupby(where for _, where in world.pictures())]
    assert steps == ["left", "right"]


async def test_programme_waits_for_the_only_mark_and_never_shows_the_clean_picture(
    marking: RunningWeir,
    source: Path,
    gallery: Gallery,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    gallery.has_it = False
    logo = {"kind": "image", "url": gallery.url, "width": 60, "height": 60, "x": 10, "y": 20}
    stream = marking.create_stream(watermark=[logo], reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(marking, stream["id"])
    world = World(inside)
    await until(
        lambda: report(marking, inside).get("cause") == "marks_unavailable",
        within_s=20, what="the failure",
    )  # fmt: skip
    said = report(marking, inside)
    assert said["state"] == "failed"
    assert "status 404" in said["detail"]
    assert world.tags_of_last_gop() == []
    gallery.has_it = True
    await marked(world, "left", "the mark once it is there", within_s=20)
    publishers[0].kill()
    await world.end()
    assert {where for _, where in world.pictures()} == {"left"}


async def test_clock_shows_the_true_time_although_the_publishers_clock_jumps(
    marking: RunningWeir, source: Path
) -> None:
    mark = {"kind": "clock", "size": 22, "x": 10, "y": 10}
    stream = marking.create_stream(watermark=[mark], reconnectWindow=1)
    tags = healthy(source.read_bytes())
    tags = faults.jumping(tags, at_ms=4_000, by_ms=3_600_000)
    tags = faults.jumping(tags, at_ms=7_000, by_ms=-3_595_000)
    publishing = asyncio.create_task(publish(stream["push"]["url"], tags, until_ms=10_000))
    inside = await Inside.of(marking, stream["id"])
    world, clean = World(inside), World(inside, is_inside=True)
    await publishing
    await asyncio.gather(world.end(), clean.end())
    jumps = [cue for cue in map(read_cue, clean.tags) if isinstance(cue, DiscontinuityCue)]
    assert len(jumps) == 2
    assert_whole(world.tags, clean.tags)
    # Session time goes on like the wall clock; what came to us first tells how they stand.
    begin_s = min(
        came_s - tag.dts_ms / 1000
        for tag, came_s in zip(clean.tags, clean.arrived_s, strict=True)
        if tag.type is TagType.VIDEO
    )
    off_s = clocks_off_s(world.tags, begin_s)
    print("the clock is off by", off_s)  # noqa: T201 - for `pytest -s`
    assert len(off_s) > 7
    assert all(-CLOCK_S <= off <= CLOCK_S for off in off_s)


async def publish(url: str, tags: Push, *, until_ms: float) -> None:
    publisher = RTMPPublisher(url)
    await publisher.connect()
    began = time.monotonic()
    for at_ms, tag in tags:
        if at_ms > until_ms:
            break
        await asyncio.sleep(max(0.0, at_ms / 1000 - (time.monotonic() - began)))
        await publisher.send(tag)
    await publisher.close()


def clocks_off_s(tags: list[Tag], begin_s: float) -> list[int]:
    """Of a picture a second: the second that it shows, less that in which it came to ingest.

    `begin_s`: Unix time at session time zero.
    """
    layer = clock(ClockMark(size=22, x=10, y=10), Fonts(), width=320, height=180)
    size = (layer.width, layer.height)
    box = (layer.left & ~1, layer.top & ~1)
    off: list[int] = []
    next_ms = 0
    for at_ms, luma in decode(tags):
        if at_ms < next_ms:
            continue
        next_ms = at_ms + 1000
        seen = luma.crop((*box, box[0] + size[0], box[1] + size[1]))
        came = int(begin_s + at_ms / 1000)

        def unlikeness(second: int, seen: Image.Image = seen) -> float:
            drawn = Image.frombytes("RGBA", size, layer.draw(second)).getchannel("A")
            return float(ImageStat.Stat(ImageChops.difference(seen, drawn)).sum[0])

        shown = min(range(came - 10, came + 11), key=unlikeness)
        off.append(shown - came)
    return off


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ([{"kind": "text", "text": "\U00010330"}], "cannot be drawn"),
        ([{"kind": "text", "text": " "}], "nothing to be seen"),
        ([{"kind": "image", "url": "http://127.0.0.1/x.png"}], "WEIR_EGRESS_ALLOW"),
    ],
)
def test_marks_that_cannot_be_are_refused_with_the_reason(
    marking: RunningWeir, marks: Any, why: str
) -> None:
    stream = marking.create_stream()
    answer = httpx2.patch(
        f"{marking.http_url}/api/v1/streams/{stream['id']}",
        json={"item": {"watermark": marks}},
        headers={"x-api-key": marking.credentials["api_key"]},
    )
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
