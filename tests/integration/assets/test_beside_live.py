"""Twenty uploads become assets on a machine that is on air: the viewers of the live stream must not
notice.
"""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.ffmpeg import find_ffmpeg
from tests.asset_house import made
from tests.media import encode, push
from tests.oracles.frame_ledger import input_frames
from tests.rungs import Inside, frames
from tests.running import RunningWeir
from tests.stored import assert_balanced, assert_gapless, ended_rows, frames_of
from tests.uploading import Uploader
from tests.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

UPLOADS = 20
LIVE_S, FILM_S = 25, 8
RATE = 25
TINY = {"name": "tiny", "width": 160, "height": 90, "bitrate": 100_000}


@pytest.fixture
def busy_weir(tmp_path: Path) -> Iterator[RunningWeir]:
    running = RunningWeir(tmp_path / "weir")
    running.start()
    yield running
    running.stop()


async def test_live_stream_loses_no_frame_beside_twenty_uploads(
    busy_weir: RunningWeir, tmp_path: Path
) -> None:
    weir = busy_weir
    film = encode(tmp_path / "film.flv", seconds=FILM_S, size="854x480", gop=2 * RATE)
    source = encode(tmp_path / "live.flv", seconds=LIVE_S, size="320x180", gop=RATE, b_frames=2)
    uploader, data = Uploader(weir), film.read_bytes()
    paths = list[str]()
    for number in range(UPLOADS):
        paths.append(uploader.create(len(data), f"film {number}.flv", ladder="ld,sd"))
        assert uploader.patch(paths[-1], 0, data).status_code == 204
    stream = weir.create_stream(reconnectWindow=1, ladder={"rungs": [TINY]})
    publisher = push(source, stream["push"]["url"])
    inside = await Inside.of(weir, stream["id"])
    await until(lambda: "tiny" in inside.rungs(), what="the ladder is made")
    rung = asyncio.create_task(inside.pull("tiny"))
    made_before = len(weir.call("GET", "/api/v1/assets?state=ready")["assets"])
    assert made_before < UPLOADS // 2, "most are yet to be made while it is on air"
    assert await asyncio.to_thread(publisher.wait, LIVE_S + 20) == 0
    rows = await ended_rows(weir, stream["id"])

    assert_gapless(rows)
    sent, stored = input_frames(source), await frames_of(weir, rows)
    assert_balanced(sent, stored, "beside uploads")
    assert len(sent["video"]) == LIVE_S * RATE
    assert len(frames(await rung)) == LIVE_S * RATE
    detail = weir.call("GET", f"/api/v1/sessions/{weir.sessions(stream['id'])[0]['id']}")
    for each in detail["renditions"]:
        assert (each["gaps"], each["holes"]) == ([], []), each

    done = await asyncio.to_thread(lambda: [_made(uploader, path) for path in paths])
    assert [each["state"] for each in done] == ["ready"] * UPLOADS
    for each in done[:: UPLOADS - 1]:
        assert _pictures(each) == [FILM_S * RATE] * 3


def _made(uploader: Uploader, path: str) -> dict[str, Any]:
    """The asset that an upload became."""
    assert uploader.judged(path)["state"] == "accepted"
    (asset,) = uploader.get(f"/api/v1/assets?upload={path.rpartition('/')[2]}")["assets"]
    return made(uploader.weir, asset["id"])


def _pictures(asset: dict[str, Any]) -> list[int]:
    """Of the source and its rungs, as FFmpeg's own player counts them."""
    counts = list[int]()
    for name in ("source", "360p", "480p"):
        url = asset["playback"]["hls"].replace("index", f"{name}/video")
        argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-i", url, "-map", "0:v", "-c",
                "copy", "-f", "framecrc", "-"]  # fmt: skip
        told = subprocess.run(
            argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        counts.append(sum(not line.startswith("#") for line in told.stdout.splitlines()))
    return counts
