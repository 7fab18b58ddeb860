"""A low-latency player that switches between renditions: nothing stands still, nothing jumps."""

import asyncio
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Page

from tests.browser.test_low_latency import STALL_MS, WATCH_TIME
from tests.pattern import PatternPublisher
from tests.rung_encoder import encode_rung, ingest_of
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

HLS_JS = Path("services/gateway/console/node_modules/hls.js/dist/hls.min.js")
SHORT_SWITCHES, SOAK_SWITCHES = 10, 50
SWITCH_S = 2.5
LATENCY_S = 4.0
JUMP_MS = 400
"""Between two pictures that are shown one after the other; a busy browser leaves some out."""

PLAY = """
([url, lowLatencyMode]) => {
  document.body.innerHTML = '<video muted playsinline></video>';
  const video = document.querySelector('video');
  const hls = new Hls({lowLatencyMode, liveSyncOnStallIncrease: 0.1,
    maxLiveSyncPlaybackRate: 1.15, errorPenaltyExpireMs: 5000});
  window.hls = hls;
  window.frames_seen = [];
  window.levels_seen = [];
  window.problems = [];
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const look = () => {
    canvas.width = video.videoWidth;
    canvas.height = 1;
    context.drawImage(video, 0, -Math.floor(video.videoHeight / 12));
    const pixels = context.getImageData(0, 0, canvas.width, 1).data;
    const bits = [];
    for (let i = 0; i < 32; i++)
      bits.push(pixels[4 * Math.floor(canvas.width / 32 * (i + 0.5)) + 1] > 127 ? 1 : 0);
    const time = bits.slice(4, 31);
    if (bits.slice(0, 4).join('') === '1010' && time.reduce((a, b) => a ^ b, 0) === bits[31]) {
      const shown = time.reduce((value, bit) => value * 2 + bit, 0);
      window.frames_seen.push([shown, video.videoHeight, (Date.now() - shown) % 2 ** 27]);
    }
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, {level}) => window.levels_seen.push(level));
  hls.on(Hls.Events.ERROR, (_, error) =>
    window.problems.push(`${error.details} ${error.fatal} ${error.reason || ''}` +
      ` at ${video.currentTime.toFixed(2)} ${error.frag ? error.frag.relurl : ''}` +
      ` ${error.part ? error.part.index : ''}`));
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}
"""


@dataclass
class Played:
    frames: list[list[int]]
    """What each shown picture says: its time, its height, its age in ms."""
    longest_stall_ms: float
    problems: list[str]
    latency_s: float

    @property
    def heights(self) -> list[int]:
        """Of the renditions that were shown, one after the other."""
        found = [height for _, height, _ in self.frames]
        return [found[0]] + [b for a, b in pairwise(found) if a != b]


async def play_and_switch(weir: RunningWeir, page: Page, *, switches: int) -> Played:
    stream = weir.create_stream(name="ladder")
    ingest, token = ingest_of(weir)
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        session = weir.sessions(stream["id"])[0]["id"]
        rung = encode_rung(ingest, token, session, "180p", size="320:180", bitrate="300k")
        try:
            url = f"{weir.http_url}/{stream['id']}/index.m3u8"
            await page.set_content("<body></body>")
            await page.add_script_tag(path=HLS_JS)
            await until(lambda: weir_lists(weir, stream["id"]), what="two variants")
            await page.evaluate(PLAY, [url, True])
            await page.wait_for_function("() => window.frames_seen.length > 50")
            await page.evaluate(WATCH_TIME)
            await page.evaluate("() => { window.frames_seen.length = 0; }")
            for number in range(switches):
                await page.evaluate("(level) => { hls.loadLevel = level; }", number % 2)
                await asyncio.sleep(SWITCH_S)
            return Played(
                frames=await page.evaluate("() => window.frames_seen"),
                longest_stall_ms=await page.evaluate("() => window.longest_ms"),
                problems=await page.evaluate("() => window.problems"),
                latency_s=await page.evaluate("() => hls.latency"),
            )
        finally:
            rung.kill()
            rung.wait()


def weir_lists(weir: RunningWeir, stream_id: str) -> bool:
    answer = httpx2.get(f"{weir.http_url}/{stream_id}/index.m3u8")
    return answer.text.count("#EXT-X-STREAM-INF") == 2


def check(played: Played, switches: int) -> None:
    said = json.dumps([played.problems, played.heights, played.longest_stall_ms])
    assert not [problem for problem in played.problems if " true" in problem], said
    assert played.longest_stall_ms < STALL_MS, said
    assert played.latency_s <= LATENCY_S, said
    # The last one may still be on its way.
    assert len(played.heights) >= switches - 1, said
    steps = [b[0] - a[0] for a, b in pairwise(played.frames)]
    assert min(steps) >= 0, said
    jumps = [(b, b[0] - a[0]) for a, b in pairwise(played.frames) if b[0] - a[0] > JUMP_MS]
    assert not jumps, (jumps, played.frames[0], said)


async def test_switches_are_not_seen(weir: RunningWeir, page: Page) -> None:
    check(await play_and_switch(weir, page, switches=SHORT_SWITCHES), SHORT_SWITCHES)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SWITCHES * SWITCH_S + 120)
async def test_fifty_switches_are_not_seen(weir: RunningWeir, page: Page) -> None:
    check(await play_and_switch(weir, page, switches=SOAK_SWITCHES), SOAK_SWITCHES)
