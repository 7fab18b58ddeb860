"""Rewinding what is live: hls.js goes back five minutes, and comes back to live."""

import asyncio
import subprocess
import threading
import time
from pathlib import Path

import pytest
from playwright.async_api import Page

from libs.ffmpeg import find_ffmpeg
from tests.media import encode_counted, push
from tests.players import play_hls
from tests.putting import PutMedia, as_matroska
from tests.running import RunningWeir
from tests.viewing import START_S, reading
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

BEFORE_S, LIVE_S, RATE = 310, 60, 5
BACK_S = 300
NEAR_S = 2.0
SEEK_BACK = (
    "seconds => { const v = document.querySelector('video');"
    " return v.currentTime = v.seekable.end(0) - seconds }"
)
"""JavaScript: so far behind what is newest; where that is."""


async def test_hls_js_seeks_back_five_minutes_and_returns_to_live(
    weir: RunningWeir, page: Page, put_media: PutMedia, tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:  # fmt: skip
    stream = weir.create_stream(name="dvr", reconnectWindow=30)
    source = encode_counted(
        tmp_path / "in.flv", seconds=BEFORE_S + LIVE_S, size=(320, 180), rate=RATE,
        bitrate="60k", noisy=0.2,
    )  # fmt: skip
    # Five minutes are there at once: a device uploads them as of its own clock. Then it is live.
    earlier = as_matroska(source, "-t", str(BEFORE_S))
    received: list[object] = []

    def upload() -> None:
        began_at = time.time() - BEFORE_S
        acks = put_media(stream["id"], earlier, weir.http_url, began_at=began_at)
        received.extend(said["EventType"] for said in acks)

    uploading = threading.Thread(target=upload, daemon=True)
    uploading.start()
    await until(lambda: received.count("RECEIVED") >= BEFORE_S - 2, what="the upload")
    await until(lambda: weir.sessions(stream["id"])[0]["duration_s"] > BACK_S, what="its rows")
    live = tmp_path / "live.flv"
    argv = [find_ffmpeg(), "-loglevel", "error", "-ss", str(BEFORE_S), "-i", str(source)]
    subprocess.run([*argv, "-c", "copy", str(live)], check=True)
    publishers.append(push(live, stream["push"]["url"]))

    await play_hls(page, f"{weir.http_url}/{stream['id']}/dvr.m3u8")
    at_live_s = await shown_s(page, at_least_s=BEFORE_S)
    # The first picture shows zero, and stands at the beginning of what can be played.
    back_s = float(await page.evaluate(SEEK_BACK, BACK_S))
    async with asyncio.timeout(START_S):
        while not back_s - NEAR_S < await shown_s(page) < back_s + NEAR_S:
            await asyncio.sleep(0.05)
    assert back_s < at_live_s - BACK_S + LIVE_S
    await shown_s(page, at_least_s=back_s + NEAR_S)  # it plays on from there
    await page.evaluate(SEEK_BACK, 3)
    assert await shown_s(page, at_least_s=at_live_s) < BEFORE_S + LIVE_S
    uploading.join(60)
    assert "ERROR" not in received


async def shown_s(page: Page, *, at_least_s: float = 0) -> float:
    """The time in the picture that the player shows, once it is late enough."""
    async with asyncio.timeout(START_S):
        while True:
            at_s = float((await reading(page, START_S))["shown"]) / 1000
            if at_s >= at_least_s:
                return at_s
            await asyncio.sleep(0.05)
