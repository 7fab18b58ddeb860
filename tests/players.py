"""The players that people use, on a page of their own: any URL of a Weir, no page of Weir's."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

from playwright.async_api import Page

_MODULES = Path(__file__).parents[1] / "services" / "gateway" / "console" / "node_modules"
_HLS = _MODULES / "hls.js" / "dist" / "hls.min.js"
_DASH = _MODULES / "dashjs" / "dist" / "modern" / "umd" / "dash.all.min.js"
_VIDEO = '<video muted autoplay playsinline crossorigin="anonymous"></video>'
_PLAY_HLS = """
url => {
  const hls = window.player = new Hls();
  hls.on(Hls.Events.ERROR, (_, {details, error}) => {
    const isItsOwn = ['bufferStalledError', 'aborted'].includes(details);
    if (!isItsOwn) window.problems.push(`${details}: ${error}`);
  });
  hls.loadSource(url);
  hls.attachMedia(document.querySelector('video'));
}
"""
_PLAY_DASH = """
url => {
  const player = window.player = dashjs.MediaPlayer().create();
  player.on('error', ({error}) => window.problems.push(`${error.code}: ${error.message}`));
  player.initialize(document.querySelector('video'), url);
}
"""
_PLAY_FILE = "url => { document.querySelector('video').src = url; }"
_WATCH = """
() => {
  const video = document.querySelector('video');
  window.problems = [];
  video.addEventListener('error', () => window.problems.push(video.error.message));
}
"""
"""JavaScript: `problems` has whatever a player stumbles over, whether it goes on or not. That it
waits for bytes is none: the machine may be busy, and what is jumped shows in `ranges`. Nor is it
one that it gives up a load that it needs no more, as after a seek."""
_HURRY = """
rate => {
  const video = document.querySelector('video');
  video.defaultPlaybackRate = video.playbackRate = rate;
}
"""
_PLAYED = """
() => {
  const video = document.querySelector('video');
  const ranges = each =>
    Array.from({length: each.length}, (_, i) => [each.start(i), each.end(i)]);
  return [video.ended, window.problems, video.currentTime, video.duration, ranges(video.played),
    video.getVideoPlaybackQuality().totalVideoFrames, ranges(video.buffered)];
}
"""

RATE = 4
"""How much faster than it was made recorded media is played, to its end."""
START_S = 30.0
LOOK_S = 0.1

Play = Callable[[Page, str], Awaitable[None]]


class Played(NamedTuple):
    """What a player made of something that ends."""

    is_ended: bool
    problems: list[str]
    at_s: float
    duration_s: float
    ranges: list[list[float]]
    """What was played of it: more than one where it jumped."""
    frames: int
    """Pictures that were decoded."""
    buffered: list[list[float]]


async def play_through(page: Page, play: Play, url: str, *, within_s: float) -> Played:
    """Play something recorded to its end; `within_s` is how long it may take to play."""
    await play(page, url)
    await page.evaluate(_HURRY, RATE)
    loop = asyncio.get_running_loop()
    until = loop.time() + START_S + within_s
    while True:
        played = Played(*await page.evaluate(_PLAYED))
        if played.is_ended or loop.time() > until:
            break
        await asyncio.sleep(LOOK_S)
    return played


async def play_hls(page: Page, url: str) -> None:
    await _play(page, url, _PLAY_HLS, _HLS)


async def play_dash(page: Page, url: str) -> None:
    await _play(page, url, _PLAY_DASH, _DASH)


async def play_file(page: Page, url: str) -> None:
    await _play(page, url, _PLAY_FILE, None)


async def _play(page: Page, url: str, script: str, library: Path | None) -> None:
    # Of the same origin: a page from nowhere may not ask a server on this machine.
    where = urljoin(url, "/page-of-the-test")
    await page.route(where, lambda route: route.fulfill(body=_VIDEO, content_type="text/html"))
    await page.goto(where)
    await page.evaluate(_WATCH)
    if library is not None:
        await page.add_script_tag(path=library)
    await page.evaluate(f"url => {{ ({script})(url); }}", url)
