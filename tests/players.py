"""The players that people use, on a page of their own: any URL of a Weir, no page of Weir's."""

from pathlib import Path
from urllib.parse import urljoin

from playwright.async_api import Page

_MODULES = Path(__file__).parents[1] / "services" / "gateway" / "console" / "node_modules"
_HLS = _MODULES / "hls.js" / "dist" / "hls.min.js"
_DASH = _MODULES / "dashjs" / "dist" / "modern" / "umd" / "dash.all.min.js"
_VIDEO = '<video muted autoplay playsinline crossorigin="anonymous"></video>'
_PLAY_HLS = """
url => {
  const hls = new Hls();
  hls.loadSource(url);
  hls.attachMedia(document.querySelector('video'));
}
"""
_PLAY_DASH = "url => dashjs.MediaPlayer().create().initialize(document.querySelector('video'), url)"
_PLAY_FILE = "url => { document.querySelector('video').src = url; }"


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
    if library is not None:
        await page.add_script_tag(path=library)
    await page.evaluate(f"url => {{ ({script})(url); }}", url)
