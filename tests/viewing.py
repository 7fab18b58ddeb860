"""A viewer in a real browser: what the picture shows, and how far behind the publisher it is."""

import asyncio

from playwright.async_api import Page

from tests.pattern import READ_CODE
from tests.running import RunningWeir

LIMITS = {"flv.html": 1_000, "index.html": 2_000, "hls.html": 2_000, "dash.html": 3_000}
"""How far behind the publisher a page may be, in ms."""
START_S = 20.0
WATCH_S = 3.0
STALL_MS = 400
"""A picture that stands still for longer has stalled: ten frames of the pattern."""

WATCH_TIME = """
() => {
  const video = document.querySelector('video');
  let last = video.currentTime, since = performance.now(), ticks = 0;
  const ahead = () => {
    for (let i = 0; i < video.buffered.length; i++)
      if (video.buffered.start(i) <= last + 0.1 && last <= video.buffered.end(i))
        return video.buffered.end(i) - last;
    return 0;
  };
  window.longest_ms = window.longest_ahead_s = window.longest_at_ms = window.longest_busy_ms = 0;
  setInterval(() => {
    const now = performance.now();
    ticks += 1;
    if (video.currentTime !== last) {
      last = video.currentTime;
      since = now;
      ticks = 0;
    } else if (now - since > window.longest_ms) {
      window.longest_ms = now - since;
      window.longest_ahead_s = ahead();
      window.longest_busy_ms = now - since - 50 * ticks;
      window.longest_at_ms = now;
    }
  }, 50);
}
"""
"""JavaScript: measures the longest time for which the picture stands still, in `longest_ms`, what
there was to play then, and for how much of it the page itself did not run."""


async def reading(page: Page, deadline_s: float) -> dict[str, float]:
    """What the video shows, as soon as it shows something."""
    async with asyncio.timeout(deadline_s):
        while (seen := await page.evaluate(READ_CODE)) is None:
            await asyncio.sleep(0.05)
    return dict(seen)


async def watch_every_page(weir: RunningWeir, page: Page, stream_id: str) -> dict[str, float]:
    """Each player's distance from the publisher in ms; fails when a picture stands still."""
    url = f"{weir.http_url}/{stream_id}"
    return {name: await watch_page(page, f"{url}/{name}") for name in LIMITS}


async def watch_page(page: Page, url: str) -> float:
    """One player's distance from the publisher in ms; fails when its picture stands still."""
    name = url.rpartition("/")[2]
    await page.goto(url)
    first = await reading(page, START_S)
    # Players settle on their distance from the live edge within moments.
    await asyncio.sleep(WATCH_S)
    readings = [await reading(page, 2.0) for _ in range(5)]
    assert readings[-1]["shown"] > first["shown"], f"{name} stands still"
    assert readings[-1]["media_s"] > first["media_s"], f"{name} stands still"
    return sorted(item["age_ms"] for item in readings)[2]


async def until_live(weir: RunningWeir, stream_id: str, deadline_s: float = START_S) -> None:
    """Until the packager has a first segment to list."""
    async with asyncio.timeout(deadline_s):
        while weir.call("GET", f"/api/v1/streams/{stream_id}")["health"] != "live":
            await asyncio.sleep(0.1)
