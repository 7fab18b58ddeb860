"""A low-latency player that switches between renditions: nothing stands still, nothing jumps."""

import asyncio
from collections.abc import Callable

import httpx2
import pytest
from playwright.async_api import Page

from tests.hls_js import HLS_JS, PLAY, SEEN, Seen
from tests.oracles.media_playlist import parse
from tests.oracles.pictures import SEE, Picture, heights
from tests.pattern import HEIGHT, RATE, PatternPublisher
from tests.required import again_if_void
from tests.rung_encoder import encode_rung, ingest_of
from tests.rung_lag import RungLag
from tests.running import RunningWeir
from tests.viewing import WATCH_TIME, until_live, watch_page
from tests.waiting import EVERY_S, PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.integration]

LATE = {"name": "late", "width": 320, "height": 180, "bitrate": 200_000}
SHORT_SWITCHES, SOAK_SWITCHES = 10, 50
BEFORE = 3
"""Segments that there are when the late rung is first asked for."""
HAS_H265 = """() => MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L93.90"')"""
CHOOSE_LATE = """
(height) => {
  if (hls.loadLevel !== 0) hls.loadLevel = 0;
  return window.frames_seen.at(-1)[1] === height;
}
"""
AGAIN_MS = 1000
"""hls.js may find the gap in the playlist that it had before, and turn away: it is told again."""
SWITCH_S = 2.5
LATENCY_S = 4.0


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
            await until_text(url, has_two_variants)
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


async def until_text(url: str, holds: Callable[[str], bool]) -> None:
    """Until what `url` is answered with is so. Publishers of this loop go on meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds((await asyncio.to_thread(httpx2.get, url, timeout=PATIENCE_S)).text):
            await asyncio.sleep(EVERY_S)


def has_two_variants(playlist: str) -> bool:
    return playlist.count("#EXT-X-STREAM-INF") == 2


def has_begun(playlist: str) -> bool:
    return len(parse(playlist).segments) >= BEFORE


def begins_with_gaps(playlist: str) -> bool:
    segments = parse(playlist).segments
    return bool(segments) and segments[0].is_gap


def ends_with_media(playlist: str) -> bool:
    return not parse(playlist).segments[-1].is_gap


def check(seen: Seen, switches: int) -> None:
    print(seen)  # noqa: T201 - for `pytest -s`
    seen.check(must_show_all=switches == SOAK_SWITCHES)
    assert seen.latency_s <= LATENCY_S, seen
    # The last one may still be on its way.
    assert len(seen.heights) >= switches - 1, seen


async def test_rung_that_begins_late_is_a_gap_and_is_played_once_it_is_there(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="late rung", ladder={"rungs": [LATE], "mode": "lazy"})
    base = f"{weir.http_url}/{stream['id']}"
    late = f"{base}/late/video.m3u8"
    async with PatternPublisher(stream["push"]["url"]):
        await page.set_content("<body></body>")
        await page.add_script_tag(path=HLS_JS)
        # A player could not do worse: it begins with what is not there.
        await page.evaluate("() => { Hls.DefaultConfig.startLevel = 0; }")
        await until_live(weir, stream["id"])
        # The rung is made from when it is first asked for: after some segments.
        await until_text(f"{base}/source/video.m3u8", has_begun)
        await until_text(f"{base}/index.m3u8", has_two_variants)
        await until_text(late, begins_with_gaps)
        await page.evaluate(PLAY, [f"{base}/index.m3u8", True])
        await page.evaluate(f"() => ({SEE})(document.querySelector('video'))")
        await page.wait_for_function("() => window.frames_seen.length > 0")
        await until_text(late, ends_with_media)
        await page.wait_for_function(CHOOSE_LATE, arg=LATE["height"], polling=AGAIN_MS)
        seen = await page.evaluate("() => [window.frames_seen, window.problems]")
    pictures, problems = [Picture(*each) for each in seen[0]], seen[1]
    assert not [problem for problem in problems if " true" in problem], problems
    assert heights(pictures) == [HEIGHT, LATE["height"]], problems


async def test_players_without_h265_play_the_h264_beside_it(weir: RunningWeir, page: Page) -> None:
    """Chromium for Linux has no H.265 of its own; one that has may play either."""
    stream = weir.create_stream(name="h265", ladder={"rungs": [LATE], "codec": "libx265"})
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        base = f"{weir.http_url}/{stream['id']}"
        await until_text(f"{base}/manifest.mpd", lambda text: "hvc1" in text)
        ages_ms = [await watch_page(page, f"{base}/{name}") for name in ("hls.html", "dash.html")]
        has_it = await page.evaluate(HAS_H265)
    print(f"{ages_ms} ms behind, plays H.265: {has_it}")  # noqa: T201 - for `pytest -s`


@pytest.mark.timeout(300)
@again_if_void
async def test_switches_are_not_seen(weir: RunningWeir, page: Page) -> None:
    await play_and_switch(weir, page, switches=SHORT_SWITCHES)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SWITCHES * SWITCH_S + 120)
async def test_fifty_switches_are_not_seen(weir: RunningWeir, page: Page) -> None:
    await play_and_switch(weir, page, switches=SOAK_SWITCHES)
