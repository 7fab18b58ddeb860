"""A low-latency player that switches between renditions: nothing stands still, nothing jumps."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page

from tests.browser.test_low_latency import STALL_MS, WATCH_TIME
from tests.oracles.media_playlist import parse
from tests.oracles.pictures import SEE, Picture, heights, jumps
from tests.pattern import HEIGHT, RATE, PatternPublisher
from tests.required import too_slow
from tests.rung_encoder import encode_rung, ingest_of
from tests.rung_lag import RungLag
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

HLS_JS = Path("services/gateway/console/node_modules/hls.js/dist/hls.min.js")
LATE = {"name": "late", "width": 320, "height": 180, "bitrate": 200_000}
SHORT_SWITCHES, SOAK_SWITCHES = 10, 50
SWITCH_S = 2.5
LATENCY_S = 4.0
JUMP_MS = 400
"""Between two pictures that are shown one after the other; a busy browser leaves some out."""

BUSY = 0.5
"""Who does not even run for so much of a stall has a browser that is too slow."""

PLAY = """
([url, lowLatencyMode]) => {
  document.body.innerHTML = '<video muted playsinline width=320></video>';
  const video = document.querySelector('video');
  const hls = new Hls({lowLatencyMode, liveSyncOnStallIncrease: 0.1,
    maxLiveSyncPlaybackRate: 1.15, errorPenaltyExpireMs: 5000});
  window.hls = hls;
  window.told = [];
  window.problems = [];
  const tell = (what) => window.told.push([Math.round(performance.now()), what]);
  hls.on(Hls.Events.LEVEL_SWITCHING, (_, {level}) => tell(`switching to ${level}`));
  hls.on(Hls.Events.LEVEL_LOADING, (_, {url}) => tell(`asks for ${url.split('/').pop()}`));
  hls.on(Hls.Events.LEVEL_LOADED, (_, {level, details}) =>
    tell(`${level} is at ${details.lastPartSn}.${details.lastPartIndex}`));
  hls.on(Hls.Events.FRAG_BUFFERED, (_, {frag, part}) =>
    tell(`has ${frag.type} ${frag.level}: ${frag.sn}.${part ? part.index : ''}`));
  hls.on(Hls.Events.ERROR, (_, error) => {
    const problem = `${error.details} ${error.fatal} ${error.reason || ''}` +
      ` at ${video.currentTime.toFixed(2)} ${error.frag ? error.frag.relurl : ''}` +
      ` ${error.part ? error.part.index : ''}`;
    window.problems.push(problem);
    tell(problem);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}
"""
"""JavaScript: plays with hls.js; `told` has what it did and when, on the page's clock."""

SEEN = """
() => ({
  pictures: window.frames_seen, longest_ms: window.longest_ms, ahead_s: window.longest_ahead_s,
  busy_ms: window.longest_busy_ms,
  problems: window.problems, latency_s: hls.latency,
  told: window.told.filter(([at]) => Math.abs(at - window.longest_at_ms) < 8000),
})
"""


class Seen:
    """What a browser showed, and why it stood still or jumped, if it did."""

    def __init__(self, said: dict[str, Any], lag: RungLag, *, rate: float) -> None:
        self.pictures = [Picture(*each) for each in said["pictures"]]
        self.heights = heights(self.pictures)
        self.problems: list[str] = said["problems"]
        self.latency_s: float = said["latency_s"]
        self.longest_ms: float = said["longest_ms"]
        self.jumps = jumps(self.pictures, rate=rate, most_ms=JUMP_MS)
        self._ahead_s: float = said["ahead_s"]
        self._busy_ms: float = said["busy_ms"]
        self._told: list[list[object]] = said["told"]
        self._lag = lag

    def __str__(self) -> str:
        ages = sorted(picture.age_ms for picture in self.pictures)
        told = "\n".join(f"{at:>8} {what}" for at, what in self._told)
        return (
            f"{len(self.pictures)} pictures of {self.heights}; age {ages[len(ages) // 2]} ms, at"
            f" most {ages[-1]}; stood still for {self.longest_ms:.0f} ms with {self._ahead_s:.1f} s"
            f" to play, {self._busy_ms:.0f} ms of it busy; {self.jumps}; {self._lag};"
            f" {self.problems}\n{told}"
        )

    def check(self) -> None:
        """Nothing stood still, nothing jumped; void if it was the browser that had no time."""
        assert not [problem for problem in self.problems if " true" in problem], self
        stalls = self.longest_ms >= STALL_MS
        if stalls and self._busy_ms > BUSY * self.longest_ms:
            too_slow(f"the page did not run for {self._busy_ms:.0f} of {self.longest_ms:.0f} ms")
        assert not stalls, self
        assert not [jump for jump in self.jumps if not jump.is_decoded], self
        if self.jumps:
            too_slow(f"the browser left out pictures that it had: {self.jumps}")


async def play_and_switch(weir: RunningWeir, page: Page, *, switches: int) -> None:
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
            await page.evaluate(f"() => ({SEE})(document.querySelector('video'))")
            await page.wait_for_function("() => window.frames_seen.length > 50")
            await page.evaluate(WATCH_TIME)
            await page.evaluate("() => { window.frames_seen.length = 0; }")
            async with RungLag(weir, session) as lag:
                for number in range(switches):
                    await page.evaluate("(level) => { hls.loadLevel = level; }", number % 2)
                    await asyncio.sleep(SWITCH_S)
                check(Seen(await page.evaluate(SEEN), lag, rate=RATE), switches)
        finally:
            rung.kill()
            rung.wait()


def weir_lists(weir: RunningWeir, stream_id: str) -> bool:
    answer = httpx2.get(f"{weir.http_url}/{stream_id}/index.m3u8")
    return answer.text.count("#EXT-X-STREAM-INF") == 2


def check(seen: Seen, switches: int) -> None:
    print(seen)  # noqa: T201 - for `pytest -s`
    seen.check()
    assert seen.latency_s <= LATENCY_S, seen
    # The last one may still be on its way.
    assert len(seen.heights) >= switches - 1, seen


async def test_rung_that_begins_late_is_a_gap_and_is_played_once_it_is_there(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="late rung", ladder={"rungs": [LATE], "mode": "lazy"})
    base = f"{weir.http_url}/{stream['id']}"
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await until(lambda: weir_lists(weir, stream["id"]), what="two variants")
        assert set(gaps(f"{base}/late/video.m3u8")) == {True}
        await page.set_content("<body></body>")
        await page.add_script_tag(path=HLS_JS)
        # A player could not do worse: it begins with what is not there.
        await page.evaluate("() => { Hls.DefaultConfig.startLevel = 0; }")
        await page.evaluate(PLAY, [f"{base}/index.m3u8", True])
        await page.evaluate(f"() => ({SEE})(document.querySelector('video'))")
        await page.wait_for_function("() => window.frames_seen.length > 0")
        await until(lambda: not gaps(f"{base}/late/video.m3u8")[-1], what="the late rung")
        await page.evaluate("() => { hls.loadLevel = 0; }")
        await page.wait_for_function("() => window.frames_seen.at(-1)[1] === 180")
        seen = await page.evaluate("() => [window.frames_seen, window.problems]")
    pictures, problems = [Picture(*each) for each in seen[0]], seen[1]
    assert not [problem for problem in problems if " true" in problem], problems
    assert heights(pictures) == [HEIGHT, LATE["height"]], problems


def gaps(url: str) -> list[bool]:
    """Of each segment whether it is one."""
    return [segment.is_gap for segment in parse(httpx2.get(url).text).segments]


async def test_switches_are_not_seen(weir: RunningWeir, page: Page) -> None:
    await play_and_switch(weir, page, switches=SHORT_SWITCHES)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SWITCHES * SWITCH_S + 120)
async def test_fifty_switches_are_not_seen(weir: RunningWeir, page: Page) -> None:
    await play_and_switch(weir, page, switches=SOAK_SWITCHES)
