"""A marked link in a real browser: the mark is seen where it was promised, and nothing stalls.

One core for all that is encoded. The picture is grey, the mark is not.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from playwright.async_api import Page

from libs.ffmpeg import find_ffmpeg
from services.gateway.burning.schedule import WINDOW, Schedule
from tests.hls_js import BUSY, HLS_JS
from tests.required import too_slow
from tests.running import RunningWeir
from tests.viewing import STALL_MS, WATCH_TIME
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]
RATE, GOP_S, LOOP_S = 30, 2, 8
BEHIND = 3
"""Segments that hls.js plays behind the newest one."""
LOOKS = 2
"""A row is judged by so many looks at it, if the browser took them."""
COLOURED = 40
"""Of 255: how far red is from green where the mark is."""

PLAY = """
url => {
  document.body.innerHTML = '<video muted playsinline width=320></video>';
  const video = document.querySelector('video');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [96, 54];
  const context = canvas.getContext('2d', {willReadFrequently: true});
  window.looks = [];
  window.problems = [];
  const hls = new Hls({lowLatencyMode: false});
  hls.on(Hls.Events.ERROR, (_, {details, fatal, reason, response}) =>
    window.problems.push(`${details} ${fatal} ${reason || ''} ${response ? response.code : ''}`));
  let last = 0;
  const look = (now, {mediaTime}) => {
    video.requestVideoFrameCallback(look);
    if (now - last < 120) return;
    const details = hls.currentLevel >= 0 && hls.levels[hls.currentLevel].details;
    const frag = details && details.fragments.find(
      each => mediaTime > each.start + 0.1 && mediaTime < each.end - 0.1);
    if (!frag) return;
    last = now;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let most = 0;
    for (let at = 0; at < data.length; at += 4) most = Math.max(most, data[at] - data[at + 1]);
    window.looks.push([Number(frag.relurl.match(/([0-9]+)\\.video/)[1]), most]);
  };
  video.requestVideoFrameCallback(look);
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}
"""
"""JavaScript: `looks` has, of pictures that were shown, the number of their segment, and how red
the reddest spot was.
"""


@pytest.fixture
def source(tmp_path: Path, size: str) -> Path:
    path = tmp_path / "grey.flv"
    argv = [
        find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error",
        "-f", "lavfi", "-i", f"color=gray:size={size}:rate={RATE}:duration={LOOP_S}",
        "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={LOOP_S}",
        "-vf", "format=yuv420p,noise=c0s=12:c0f=t", "-c:v", "libx264", "-preset", "ultrafast",
        "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k", "-g", str(GOP_S * RATE),
        "-sc_threshold", "0", "-bf", "0", "-c:a", "aac", "-b:a", "96k", "-f", "flv", str(path),
    ]  # fmt: skip
    subprocess.run(argv, check=True)
    return path


@pytest.fixture
async def live(own_weir: RunningWeir, source: Path) -> AsyncIterator[dict[str, Any]]:
    """A session that goes on, with some rows in the log."""
    own_weir.environment["WEIR_TRANSCODE_SLOTS"] = "1"
    own_weir.start()
    stream = own_weir.create_stream(name="marked", viewPolicy="signed")
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1"]
    argv += ["-i", str(source), "-c", "copy", "-f", "flv", stream["push"]["url"]]
    publisher = subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def rows() -> int:
        sessions = own_weir.sessions(stream["id"])
        return len(own_weir.segments(sessions[0]["id"])) if sessions else 0

    try:
        await until(lambda: rows() > BEHIND, within_s=40, what="rows in the log")
        yield own_weir.sessions(stream["id"])[0]
    finally:
        publisher.kill()
        publisher.wait()


@pytest.mark.parametrize(("mode", "size"), [("every", "960x540"), ("bursts", "1920x1080")])
async def test_mark_is_seen_where_it_is_promised(
    own_weir: RunningWeir, live: dict[str, Any], page: Page, mode: str
) -> None:
    await watch(own_weir, live, page, mode, seconds=20)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("mode", "size"), [("every", "1920x1080"), ("bursts", "1920x1080")])
async def test_mark_is_seen_where_it_is_promised_for_two_minutes(
    own_weir: RunningWeir, live: dict[str, Any], page: Page, mode: str
) -> None:
    await watch(own_weir, live, page, mode, seconds=120)


async def watch(
    weir: RunningWeir, live: dict[str, Any], page: Page, mode: str, *, seconds: float
) -> None:
    stream, session = live["stream"], live["id"]
    schedule = Schedule(weir.credentials["internal_token"])
    newest = weir.segments(session)[-1]["msn"]
    soon = range(newest - 1, newest + 5)
    while True:
        made = weir.call("POST", f"/api/v1/streams/{stream}/viewer-tokens", {
            "watermark": {"lines": ["MMMMMM"], "color": "#ff00ff", "mode": mode}
        })  # fmt: skip
        lots = {schedule.shows(made["token_id"], session, msn) for msn in soon}
        if mode == "every" or lots == {True, False}:
            break
    where = urljoin(weir.http_url, "/page-of-the-test")
    await page.route(where, lambda route: route.fulfill(body="", content_type="text/html"))
    await page.goto(where)
    await page.add_script_tag(path=HLS_JS)
    await page.evaluate(f"url => {{ ({PLAY})(url); }}", made["playback"]["hls"])
    await until_looked(page)
    await page.evaluate(f"() => {{ ({WATCH_TIME})(); }}")
    await asyncio.sleep(seconds)  # it is watched for so long
    looks: list[tuple[int, int]] = await page.evaluate("() => window.looks")
    problems: list[str] = await page.evaluate("() => window.problems")
    stood_ms, busy_ms = await page.evaluate("() => [window.longest_ms, window.longest_busy_ms]")

    assert not [each for each in problems if " true" in each], problems
    if stood_ms >= STALL_MS and busy_ms > BUSY * stood_ms:
        too_slow(f"the page did not run for {busy_ms:.0f} of {stood_ms:.0f} ms")
    assert stood_ms < STALL_MS, (stood_ms, problems)
    begins = [row["msn"] for row in weir.segments(session) if row["is_independent"]]

    def shows(msn: int) -> bool:
        """As the link promises: rows that are decoded together share their fate."""
        lots = lots_of(begins, msn)
        return mode == "every" or any(schedule.shows(made["token_id"], session, n) for n in lots)

    check(looks, mode, shows, seconds)
    assert await burned(weir, made, live, looks) == {
        msn for msn, reddest in looks if reddest > COLOURED
    }


async def until_looked(page: Page) -> None:
    async with asyncio.timeout(40):
        while not await page.evaluate("() => window.looks.length > 0"):
            await asyncio.sleep(0.1)


def lots_of(begins: list[int], msn: int) -> range:
    """The rows whose lots decide for one; `begins` are those with a keyframe. Of the first GOP its
    first row does, of others those since the first of the GOP before.
    """
    own, *before = sorted((each for each in begins if each <= msn), reverse=True)
    return range(before[0] + 1 if before else own, own + 1)


def check(
    looks: list[tuple[int, int]], mode: str, shows: Callable[[int], bool], seconds: float
) -> None:
    """All looks at a row say the same, and that is what was promised."""
    rows: dict[int, list[bool]] = {}
    for msn, reddest in looks:
        rows.setdefault(msn, []).append(reddest > COLOURED)
    judged = {msn: seen for msn, seen in rows.items() if len(seen) >= LOOKS}
    assert len(judged) >= seconds / GOP_S - 2, rows
    for msn, seen in judged.items():
        assert set(seen) == {shows(msn)}, (msn, seen)
    if mode == "bursts":
        numbers = sorted(judged)
        without = [len(each) for each in "".join(
            "M" if any(judged[msn]) else "." for msn in numbers
        ).split("M")]  # fmt: skip
        assert max(without) < WINDOW


async def burned(
    weir: RunningWeir, made: dict[str, Any], live: dict[str, Any], looks: list[tuple[int, int]]
) -> set[int]:
    """Those of the rows that are not as they are for others."""
    others = weir.call("POST", f"/api/v1/streams/{live['stream']}/viewer-tokens", {})
    found = set()
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        for msn in {msn for msn, _ in looks}:
            name = f"{live['id']}/source/{msn}.video.m4s"
            mine, plain = [
                await client.get(f"{weir.http_url}/~{token}/{live['stream']}/{name}")
                for token in (made["token"], others["token"])
            ]
            assert (mine.status_code, plain.status_code) == (200, 200)
            if mine.content != plain.content:
                found.add(msn)
    return found
