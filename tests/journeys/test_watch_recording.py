"""The watch page of what is over: seeking by pictures, speed, and to its end."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.oracles.layout import layout_faults, serious_findings
from tests.recorded import is_of, record, shown
from tests.running import RunningWeir
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 8
MADE_MS = 60_000
"""A storyboard is made when it is first asked for."""


async def test_recording_is_looked_through_and_played_to_its_end(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="recorded", reconnectWindow=1)
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}", {"title": "Yesterday"})
    session = await record(weir, stream, seconds=SECONDS)
    await watch(page, f"{weir.http_url}/watch/{stream['id']}/{session['id']}")
    assert is_of(await shown(page), session)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Yesterday")
    await page.keyboard.press("k")
    box = await page.locator(".scrub").bounding_box()
    assert box is not None
    tile = page.locator(".scrub-tile")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    deadline = MADE_MS // 500
    for step in range(deadline):
        await page.mouse.move(x + step % 2, y)
        if await tile.is_visible():
            break
        await page.wait_for_timeout(500)
    await expect(tile).to_be_visible()
    pictured = await tile.evaluate("each => getComputedStyle(each).backgroundImage")
    assert re.search(rf"/{stream['id']}/{session['id']}/storyboard-0\.jpg", pictured)
    await expect(page.locator(".scrub-when")).to_have_text(re.compile(r"^0:0\d$"))
    assert await layout_faults(page) == []
    assert await serious_findings(page) == []

    await page.mouse.click(x, y)
    await page.wait_for_function(
        "() => { const v = document.querySelector('video');"
        " return !v.seeking && Math.abs(v.currentTime - v.duration / 2) < 0.5 }"
    )
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_role("menuitem", name="Speed").click()
    await page.get_by_role("menuitemradio", name="2×").click()
    assert await page.evaluate("() => document.querySelector('video').playbackRate") == 2
    await page.mouse.move(640, 300)
    await page.keyboard.press("k")
    again = page.get_by_role("button", name="Watch again").first
    await expect(again).to_be_visible(timeout=20_000)
    await again.click()
    await page.wait_for_function(
        "() => { const v = document.querySelector('video'); return !v.paused && v.currentTime < 4 }"
    )
    assert faults == []


async def test_page_of_what_is_not_there_says_so(weir: RunningWeir, page: Page) -> None:
    await page.goto(f"{weir.http_url}/watch/nobody")
    await page.get_by_role("heading", name="There is nothing to watch here").wait_for()
