"""From a publisher to the picture in a real browser, through every player."""

import asyncio

import pytest
from playwright.async_api import Page

from tests.pattern import READ_CODE, PatternPublisher
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration]

LIMITS = {"flv.html": 1_000, "index.html": 6_000, "hls.html": 6_000, "dash.html": 6_000}
"""How far behind the publisher a page may be, in ms."""
START_S = 20.0
WATCH_S = 3.0


async def _reading(page: Page, deadline_s: float) -> dict[str, float]:
    """What the video shows, as soon as it shows something."""
    async with asyncio.timeout(deadline_s):
        while (seen := await page.evaluate(READ_CODE)) is None:
            await asyncio.sleep(0.05)
    return dict(seen)


async def test_every_page_plays_the_picture_in_time(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="players")
    ages = {}
    async with PatternPublisher(stream["push"]["url"]):
        await _until_live(weir, stream["id"])
        for name in LIMITS:
            await page.goto(f"{weir.http_url}/{stream['id']}/{name}")
            first = await _reading(page, START_S)
            # Players settle on their distance from the live edge within moments.
            await asyncio.sleep(WATCH_S)
            readings = [await _reading(page, 2.0) for _ in range(5)]
            assert readings[-1]["shown"] > first["shown"], f"{name} stands still"
            assert readings[-1]["media_s"] > first["media_s"], f"{name} stands still"
            ages[name] = sorted(item["age_ms"] for item in readings)[2]
    assert all(ages[name] <= limit for name, limit in LIMITS.items()), ages


async def test_a_page_of_a_stream_that_is_off_says_so(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="off")
    answer = await page.goto(f"{weir.http_url}/{stream['id']}/flv.html")
    assert answer is not None
    assert answer.status == 404
    assert await page.inner_text("body") == f"{stream['id']} is not streaming live now"


async def test_player_goes_on_when_the_publisher_is_back(weir: RunningWeir, page: Page) -> None:
    """A pause within the reconnect window leaves a hole in the buffer; play must not stop at it."""
    stream = weir.create_stream(name="back")
    async with PatternPublisher(stream["push"]["url"]):
        await _until_live(weir, stream["id"])
        await page.goto(f"{weir.http_url}/{stream['id']}/flv.html")
        await _reading(page, START_S)
    await page.wait_for_selector("[data-state=stalled]")
    async with PatternPublisher(stream["push"]["url"]):
        await page.wait_for_selector("[data-state=playing]")
        async with asyncio.timeout(START_S):
            while (await _reading(page, 2.0))["age_ms"] > LIMITS["flv.html"]:
                await asyncio.sleep(0.05)


async def test_flv_page_loads_no_other_player(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="light")
    async with PatternPublisher(stream["push"]["url"]):
        await _until_live(weir, stream["id"])
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
        await page.goto(f"{weir.http_url}/{stream['id']}/flv.html")
        await _reading(page, START_S)
    scripts = [name for name in loaded if name.endswith(".js")]
    assert any(name.startswith("flv-") for name in scripts), scripts
    assert not any(name.startswith(("hls-", "dash-")) for name in scripts), scripts


async def _until_live(weir: RunningWeir, stream_id: str) -> None:
    """Until the packager has a first segment to list."""
    async with asyncio.timeout(START_S):
        while weir.call("GET", f"/api/v1/streams/{stream_id}")["health"] != "live":
            await asyncio.sleep(0.1)
