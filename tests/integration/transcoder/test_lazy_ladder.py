"""A lazy ladder: made while somebody watches it, planned in the playlists all the time."""

import asyncio
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from libs.media.flv import FLVReader, TagType
from tests.media import encode, push
from tests.oracles.media_playlist import parse
from tests.rungs import Inside, children_of
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = pytest.mark.integration

SMALL = {"name": "small", "width": 320, "height": 180, "bitrate": 200_000}
TINY = {"name": "tiny", "width": 160, "height": 90, "bitrate": 100_000}
IDLE_S = 3.0
SWEEP_S = 2.0
"""How often the catalog looks, at most, and a worker's way to its end."""
BUSY_S = 8.0
"""What a machine that has other work may take on top."""
FIRST_S = 6.0


class Viewer:
    """Reads playlists as a player does, but only when it is told to."""

    def __init__(self, weir: RunningWeir, stream: str) -> None:
        self._base = f"{weir.http_url}/{stream}"

    def read(self, path: str) -> str:
        answer = httpx2.get(f"{self._base}/{path}", follow_redirects=True, timeout=10)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    def gaps(self, rung: str) -> list[bool]:
        """Of each segment of a rung, whether it is one."""
        return [segment.is_gap for segment in parse(self.read(f"{rung}/video.m3u8")).segments]

    def first_flv_picture(self, rung: str) -> None:
        reader = FLVReader()
        with httpx2.stream("GET", f"{self._base}/{rung}/live.flv", timeout=20) as answer:
            assert answer.status_code == 200
            for data in answer.iter_raw():
                if any(tag.type is TagType.VIDEO for tag in reader.feed(data)):
                    return
        pytest.fail("the FLV of the rung ended without a picture")


async def test_ladder_is_made_from_its_first_viewer_to_its_last(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=90, size="640x360", rate="30", gop=30)
    own_weir.environment = {
        "WEIR_ENCODER_PRESET": "ultrafast",
        "WEIR_LADDER_IDLE_S": str(IDLE_S),
    }
    own_weir.start()
    stream = own_weir.create_stream(ladder={"rungs": [SMALL, TINY], "mode": "lazy"})
    viewer = Viewer(own_weir, stream["id"])
    publisher = push(source, stream["push"]["url"])
    try:
        await watch(own_weir, viewer, stream["id"])
    finally:
        publisher.kill()
        publisher.wait()


async def watch(weir: RunningWeir, viewer: Viewer, stream: str) -> None:
    inside = await Inside.of(weir, stream)
    worker = weir.pid("transcoder")
    await until(lambda: len(weir.segments(inside.session)) > 2, what="some segments")
    viewer.read("source/video.m3u8")
    assert not children_of(worker), "nobody watches a rung"
    assert not [
        job for job in weir.call("GET", "/api/v1/jobs")["jobs"] if job["kind"] == "transcode"
    ]

    began = time.monotonic()
    variants = viewer.read("index.m3u8")
    assert time.monotonic() - began < 1, "the list of renditions waits for nobody"
    assert variants.count("#EXT-X-STREAM-INF") == 3, variants
    for size in ("640x360", "320x180", "160x90"):
        assert f"RESOLUTION={size}" in variants
    assert all(viewer.gaps("small")), "a rung is gaps until it is made"
    await until(
        lambda: not all(viewer.gaps("small")), within_s=FIRST_S + BUSY_S, what="the first segment"
    )
    print(f"first segment of a rung after {time.monotonic() - began:.1f} s")  # noqa: T201 - for -s
    assert viewer.gaps("small")[0], "what was before it stays a gap"

    until_s = time.monotonic() + 2 * IDLE_S
    while time.monotonic() < until_s:
        viewer.read("small/video.m3u8")
        assert children_of(worker), "somebody watches"
        await asyncio.sleep(0.5)

    await until(lambda: not children_of(worker), within_s=IDLE_S + SWEEP_S + BUSY_S, what="its end")
    assert viewer.read("index.m3u8").count("#EXT-X-STREAM-INF") == 3
    flv = asyncio.create_task(asyncio.to_thread(viewer.first_flv_picture, "tiny"))
    await asyncio.wait_for(flv, FIRST_S + BUSY_S)
    await until(lambda: not viewer.gaps("tiny")[-1], within_s=FIRST_S + BUSY_S, what="it goes on")
    causes = weir.call("GET", f"/api/v1/sessions/{inside.session}/segments?rendition=tiny")["gaps"]
    assert {gap["cause"] for gap in causes} <= {"stopped"}, "what nobody asked for is no news"


async def test_flv_of_a_rung_is_the_first_to_ask_for_it(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=30, size="320x180", rate="30", gop=30)
    own_weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    own_weir.start()
    stream = own_weir.create_stream(ladder={"rungs": [TINY], "mode": "lazy"})
    publisher: subprocess.Popen[bytes] = push(source, stream["push"]["url"])
    try:
        await Inside.of(own_weir, stream["id"])
        viewer = Viewer(own_weir, stream["id"])
        flv = asyncio.create_task(asyncio.to_thread(viewer.first_flv_picture, "tiny"))
        await asyncio.wait_for(flv, FIRST_S + BUSY_S)
    finally:
        publisher.kill()
        publisher.wait()
