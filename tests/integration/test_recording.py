"""MP4s and pictures of a stream that is on air, under the names that clients know."""

import asyncio
import io
import subprocess
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest
from PIL import Image

from libs.ffmpeg import find_ffmpeg
from tests.media import encode, push
from tests.oracles.frame_ledger import input_frames
from tests.running import RunningWeir, both_houses
from tests.waiting import until

pytestmark = pytest.mark.integration

SECONDS = 12


@both_houses
async def test_files_hold_every_frame_and_pictures_show_the_stream(
    weir: RunningWeir, tmp_path: Path
) -> None:
    stream = weir.create_stream(
        name="recorded", reconnectWindow=1, isVideo="true", video_time="4", isImage="true",
        image_time="3", hls_time="2",
    )  # fmt: skip
    source = encode(tmp_path / "in.flv", seconds=SECONDS, gop=25)
    publisher = push(source, stream["push"]["url"])
    assert await asyncio.to_thread(publisher.wait, 40) == 0

    def made() -> list[dict[str, Any]]:
        found = weir.call("GET", f"/api/v1/streams/{stream['id']}/files")["files"]
        return sorted(found, key=lambda each: each["starts_at"])

    def is_done() -> bool:
        sessions = weir.sessions(stream["id"])
        files = made()
        return bool(
            sessions[0]["ended_at"]
            and sum(each["duration_s"] for each in files) > SECONDS - 0.1
            and all(each["state"] == "ready" for each in files)
        )

    await until(is_done, within_s=60, what=f"files: {made()}")
    videos = [each for each in made() if each["kind"] == "mp4"]
    pictures = [each for each in made() if each["kind"] == "jpeg"]
    frames = 0
    for video in videos:
        data = await fetch(weir, video["key"])
        assert len(data) == video["size_bytes"]
        with av.open(io.BytesIO(data), mode="r") as container:
            assert container.format.name.startswith("mov,mp4")
            count = sum(1 for _ in container.decode(video=0))
        frames += count
        assert data.index(b"moov") < data.index(b"mdat"), "its index stands in front"
    assert frames == len(input_frames(source)["video"])
    await check_day(weir, videos)
    assert 3 <= len(pictures) <= 5
    for picture in pictures:
        image = Image.open(io.BytesIO(await fetch(weir, picture["key"])))
        assert (image.format, image.size) == ("JPEG", (320, 180))
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 100, "not one colour"


@pytest.mark.timeout(120)
async def test_motion_becomes_a_file_with_its_first_picture(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    """Four seconds of grey with something in their middle."""
    own_weir.environment |= {"WEIR_MOTION_S": "1", "WEIR_MOTION_SETTLED_S": "8"}
    own_weir.start()
    stream = own_weir.create_stream(
        name="watched", reconnectWindow=1, hls_time=1, isMotion="true", motion_duration="1"
    )
    source = flash(tmp_path / "in.flv")
    publisher = push(source, stream["push"]["url"])
    assert await asyncio.to_thread(publisher.wait, 40) == 0

    def made() -> dict[str, dict[str, Any]]:
        found = own_weir.call("GET", f"/api/v1/streams/{stream['id']}/files")["files"]
        return {each["kind"]: each for each in found if each["state"] == "ready"}

    await until(lambda: len(made()) > 1, within_s=60, what=f"both files: {made()}")
    (event,) = own_weir.call("GET", f"/api/v1/streams/{stream['id']}/holds")["holds"]
    assert event["cause"] == "motion"
    video, picture = made()["mp4"], made()["jpeg"]
    assert video["key"].startswith(f"{stream['id']}/motion/mp4/")
    assert 2 < video["duration_s"] < 6
    assert (await fetch(own_weir, video["key"])).index(b"moov")
    image = Image.open(io.BytesIO(await fetch(own_weir, picture["key"])))
    assert len(image.convert("RGB").getcolors(1 << 20) or []) > 100, "what moved is on it"


def flash(path: Path) -> Path:
    grey = "color=gray:size=320x180:rate=25"
    parts = f"{grey}:duration=2[a];testsrc2=size=320x180:rate=25:duration=1[b];{grey}:duration=2[c]"
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-filter_complex"]
    argv += [f"{parts};[a][b][c]concat=n=3[v]", "-map", "[v]", "-c:v", "libx264", "-g", "25"]
    argv += ["-preset", "veryfast", "-tune", "zerolatency", "-sc_threshold", "0"]
    argv += ["-pix_fmt", "yuv420p", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


async def check_day(weir: RunningWeir, videos: list[dict[str, Any]]) -> None:
    """The list beside the files has them in order; of another day there is none."""
    folder = videos[0]["key"].rpartition("/")[0]
    listed = httpx2.get(f"{weir.http_url}/{folder}/vod-index.m3u8")
    assert listed.status_code == httpx2.codes.OK, listed.text
    names = [line for line in listed.text.splitlines() if not line.startswith("#")]
    of_day = [video["key"] for video in videos if video["key"].startswith(folder)]
    assert names == [key.rpartition("/")[2] for key in of_day]
    stream = videos[0]["stream"]
    for other in ("1999/1/1", "1999/13/1"):
        none = httpx2.get(f"{weir.http_url}/{stream}/mp4/{other}/vod-index.m3u8")
        assert none.json()["code"] == "file_unknown"


async def fetch(weir: RunningWeir, key: str) -> bytes:
    """The file as a viewer has it, and a piece of it as a program with the key."""
    async with httpx2.AsyncClient(base_url=weir.http_url, trust_env=False) as client:
        reply = await client.get(f"/{key}")
        assert reply.status_code == httpx2.codes.OK, reply.text
        assert reply.headers["content-type"] == (
            "video/mp4" if key.endswith(".mp4") else "image/jpeg"
        )
        piece = await client.get(
            f"/api/v1/files/{key}",
            headers={"x-api-key": weir.credentials["api_key"], "range": "bytes=10-99"},
        )
    assert (piece.status_code, piece.content) == (206, reply.content[10:100])
    return reply.content
