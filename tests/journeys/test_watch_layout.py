"""Watch page and player in each language, from a phone to a wall, light and dark: nothing is
clipped, nothing foreign, nothing that axe-core finds serious.
"""

import pytest
from playwright.async_api import Page, expect

from tests.audience import talk
from tests.messages import LANGUAGES
from tests.oracles.layout import faults_at_every_size
from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

TITLE = "An evening with the brass band of the upper weir, from the north bank, until it is dark"


SAID = [("Ann", "Averylongwordthatgoesonandon" * 6), ("夜猫", "你好" * 40), ("Spam", "Buy")]


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_nothing_is_clipped_foreign_or_inaccessible(
    weir: RunningWeir, page: Page, tag: str, faults: list[str]
) -> None:
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    rungs = [{"name": "small", "width": 320, "height": 180, "bitrate": 200_000}]
    stream = weir.create_stream(name="layout", ladder={"rungs": rungs})
    told = {"title": TITLE, "description": "乐队演奏。" if tag == "zh" else "The band plays.\n" * 8}
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}", told)
    found: list[str] = []

    async def look(when: str) -> None:
        await page.mouse.move(170 + len(when), 120)
        found.extend(f"{when}: {fault}" for fault in await faults_at_every_size(page, tag))

    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await talk(weir, stream, SAID)
        await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        await page.locator(".chat-alert").wait_for()
        await look("playing")
        await page.locator(".player-control[aria-haspopup]").click()
        await look("menu")
        await page.keyboard.press("Enter")
        await look("qualities")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.locator(".player-sheet")).to_be_visible()
        await look("keys")
        await page.keyboard.press("Escape")
        await page.locator(".info-share").click()
        await look("share")
    await page.goto(f"{weir.http_url}/watch/nobody")
    await page.locator(".player-panel h2").wait_for()
    await look("unknown")
    assert not found, "\n".join(found)
    assert faults == []


async def test_keys_do_what_the_sheet_says(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="keys")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        for key, holds in (
            ("m", "!document.querySelector('video').muted"),
            ("m", "document.querySelector('video').muted"),
            ("k", "document.querySelector('video').paused"),
            (" ", "!document.querySelector('video').paused"),
            ("f", "document.fullscreenElement !== null"),
            ("f", "document.fullscreenElement === null"),
            ("?", "!document.querySelector('.player-sheet').hidden"),
            ("Escape", "document.querySelector('.player-sheet').hidden"),
        ):
            await page.keyboard.press(key)
            await page.wait_for_function(f"() => {holds}")
