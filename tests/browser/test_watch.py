"""The watch page of a live stream, as somebody uses it."""

import asyncio
import gzip
import re

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.pattern import PatternPublisher
from tests.recorded import now_ms, recorded_s, shown
from tests.required import again_if_void, too_slow
from tests.running import RunningWeir
from tests.viewing import START_S, until_live
from tests.waiting import until
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration]

FIRST_FRAME_S = 1.5
TRANSFER_BYTES = 350 * 1024
TIME_OF_DAY = re.compile(r"\d\d:\d\d:\d\d")
LATE_MS = 8_000
"""As far behind the publisher as a low-latency player with a ladder stays."""


@again_if_void
async def test_first_frame_comes_in_time_and_little_is_loaded_for_it(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="first")
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": True})
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        took_s = await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        await expect(page.locator("#chat")).to_be_visible()
        scripts = [url for url in loaded if url.endswith(".js")]
        sizes = await page.evaluate(
            "() => performance.getEntriesByType('resource').filter(e => e.name.endsWith('.js'))"
            ".map(e => e.encodedBodySize)"
        )
    print(f"first frame after {took_s:.2f} s, {sum(sizes)} bytes of JavaScript")  # noqa: T201
    assert not any("/dash-" in url or "/flv-" in url for url in scripts), scripts
    zipped = sum(len(gzip.compress(httpx2.get(url).content)) for url in scripts)
    assert sum(sizes) <= TRANSFER_BYTES, sizes
    assert zipped <= TRANSFER_BYTES
    assert faults == []
    if took_s > FIRST_FRAME_S:
        too_slow(f"the first frame came after {took_s:.2f} s")


async def test_viewer_goes_back_in_time_and_returns_to_live(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="rewound")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        await until(lambda: recorded_s(weir, stream["id"]) > 24, within_s=60, what="recorded")
        poster = httpx2.get(f"{weir.http_url}/watch/{stream['id']}/poster.jpg")
        assert poster.headers["content-type"] == "image/jpeg", poster.text
        assert poster.content.startswith(b"\xff\xd8")
        live = page.locator(".player-live")
        await expect(live).to_have_text("Live")
        line = page.locator(".scrub")
        box = await line.bounding_box()
        assert box is not None
        wanted_ms = (await range_ms(page))[0] + 2_000
        await page.evaluate("() => document.querySelector('.scrub').focus()")
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await expect(page.locator(".scrub-when")).to_have_text(TIME_OF_DAY)
        await page.keyboard.press("Home")
        await expect(live).to_have_attribute("aria-label", "Jump to live")
        async with asyncio.timeout(START_S):
            while await shown(page) > wanted_ms + 6_000:
                await asyncio.sleep(0.1)
        first_ms = await shown(page)
        async with asyncio.timeout(START_S):  # it plays on from there
            while await shown(page) < first_ms + 1_000:
                await asyncio.sleep(0.1)
        await live.click()
        await expect(live).to_have_attribute("aria-label", "Live")
        async with asyncio.timeout(START_S):
            while now_ms() - await shown(page) > LATE_MS:
                await asyncio.sleep(0.1)


async def range_ms(page: Page) -> tuple[int, int]:
    """The instants that the line stands for."""
    now = now_ms()
    length = int(await page.locator(".scrub").get_attribute("aria-valuemax") or 0)
    return now - 1000 * length, now


SAID = """
() => {
  window.said = [];
  document.addEventListener('weir-metadata', event => window.said.push(event.detail));
}
"""


async def test_metadata_comes_with_its_picture(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="timed")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        await page.evaluate(SAID)
        path = f"/api/v1/streams/{stream['id']}/metadata"
        put_ms = now_ms()
        weir.call("POST", path, {"text": "<b>goal</b>"})
        await page.wait_for_function("() => window.said.length > 0")
        # What is shown then was pushed about when it was said: some time goes by on the way.
        assert await shown(page) >= put_ms - 1_500
        (said,) = await page.evaluate("() => window.said")
    assert said["text"] == "<b>goal</b>"
