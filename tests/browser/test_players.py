"""From a publisher to the picture in a real browser, through every player."""

import asyncio

import pytest
from playwright.async_api import Page

from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.viewing import LIMITS, START_S, reading, until_live, watch_every_page, watch_page

pytestmark = [pytest.mark.browser, pytest.mark.integration]


async def test_every_page_plays_the_picture_in_time(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="players")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        ages = await watch_every_page(weir, page, stream["id"])
    assert all(ages[name] <= limit for name, limit in LIMITS.items()), ages


async def test_flv_page_plays_over_a_websocket(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="websocket")
    opened: list[str] = []
    page.on("websocket", lambda websocket: opened.append(websocket.url))
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        url = f"{weir.http_url}/{stream['id']}/flv.html?transport=websocket"
        age_ms = await watch_page(page, url)
    assert age_ms <= LIMITS["flv.html"]
    assert opened == [weir.http_url.replace("http", "ws") + f"/{stream['id']}/live.flv"]
    assert not faults


async def test_a_page_of_a_stream_that_is_off_says_so_and_waits_for_it(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="off")
    answer = await page.goto(f"{weir.http_url}/{stream['id']}/flv.html")
    assert answer is not None
    assert answer.status == 404
    assert await page.title() == f"{stream['id']} is not streaming live now"
    await page.get_by_role("heading", name="Not live yet").wait_for()
    async with PatternPublisher(stream["push"]["url"]):
        await reading(page, START_S)


async def test_player_goes_on_when_the_publisher_is_back(weir: RunningWeir, page: Page) -> None:
    """A pause within the reconnect window leaves a hole in the buffer; play must not stop at it."""
    stream = weir.create_stream(name="back")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await page.goto(f"{weir.http_url}/{stream['id']}/flv.html")
        await reading(page, START_S)
    await page.wait_for_selector("[data-state=stalled]")
    async with PatternPublisher(stream["push"]["url"]):
        await page.wait_for_selector("[data-state=playing]")
        async with asyncio.timeout(START_S):
            while (await reading(page, 2.0))["age_ms"] > LIMITS["flv.html"]:
                await asyncio.sleep(0.05)


async def test_flv_page_loads_no_other_player(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="light")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
        await page.goto(f"{weir.http_url}/{stream['id']}/flv.html")
        await reading(page, START_S)
    scripts = [name for name in loaded if name.endswith(".js")]
    assert any(name.startswith("flv-") for name in scripts), scripts
    assert not any(name.startswith(("hls-", "dash-")) for name in scripts), scripts


async def test_signed_stream_plays_through_every_player_by_its_link(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    """The token stands in the page's address; hls.js, dash.js and mpegts.js carry it on."""
    stream = weir.create_stream(name="signed", viewPolicy="signed")
    claims = {"referrers": ["127.0.0.1"]}
    made = weir.call("POST", f"/api/v1/streams/{stream['id']}/viewer-tokens", claims)
    pages = made["playback"]["pages"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        for url in pages.values():
            await watch_page(page, url)
        media = [url for url in asked if url.endswith((".flv", ".m3u8", ".mpd", ".m4s", ".mp4"))]
        assert media
        assert all(f"/~{made['token']}" in url for url in media)
        await page.goto(f"{weir.http_url}/{stream['id']}/hls.html?token={made['token']}")
        await reading(page, START_S)
        await page.goto(f"{weir.http_url}/{stream['id']}/hls.html")
        await page.get_by_role("heading", name="You may not watch this").wait_for()
    assert not faults
