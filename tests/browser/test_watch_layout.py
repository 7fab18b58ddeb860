"""Watch page and player in both languages, from a phone to a wall: nothing clipped, nothing
foreign, nothing that axe-core finds serious.
"""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.watching import NAMES, TEXTS, layout_faults, serious_findings, watch

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SIZES = {"phone": (360, 780), "desk": (1280, 800), "wall": (3840, 2160)}
TITLE = "An evening with the brass band of the upper weir, from the north bank, until it is dark"
ENGLISH = Path("services/gateway/console/src/i18n/viewer-en.ts")
_SENTENCE = re.compile(r'^  \w+:\s*"([^"]{3,})"', re.MULTILINE)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tag", ["en", "zh"])
async def test_nothing_is_clipped_foreign_or_inaccessible(
    weir: RunningWeir, page: Page, size: str, tag: str, faults: list[str]
) -> None:
    width, height = SIZES[size]
    await page.set_viewport_size({"width": width, "height": height})
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    rungs = [{"name": "small", "width": 320, "height": 180, "bitrate": 200_000}]
    stream = weir.create_stream(name="layout", ladder={"rungs": rungs})
    told = {"title": TITLE, "description": "乐队演奏。" if tag == "zh" else "The band plays.\n" * 8}
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}", told)
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        await look(page, width, tag, "playing")
        await page.locator(".player-control[aria-haspopup]").click()
        await look(page, width, tag, "menu")
        await page.keyboard.press("Enter")
        await look(page, width, tag, "qualities")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.locator(".player-sheet")).to_be_visible()
        await look(page, width, tag, "keys")
        await page.keyboard.press("Escape")
        await page.locator(".info-share").click()
        await look(page, width, tag, "share")
    for theme in ("light", "dark"):
        await page.add_init_script(f"localStorage.setItem('mantine-color-scheme-value', '{theme}')")
        await page.goto(f"{weir.http_url}/watch/nobody-{theme}")
        await page.locator(".player-panel h2").wait_for()
        await look(page, width, tag, f"unknown, {theme}")
    assert faults == []


async def look(page: Page, width: int, tag: str, when: str) -> None:
    await page.mouse.move(width / 2 + len(when), 120)
    await page.evaluate("() => document.querySelector('#player').classList.remove('idle')")
    await settle(page)
    assert await layout_faults(page, width) == [], when
    assert await serious_findings(page) == [], when
    if tag == "zh":
        english = set(_SENTENCE.findall(ENGLISH.read_text()))
        said = {each["text"] for each in await page.evaluate(TEXTS)}
        assert (said | set(await page.evaluate(NAMES))) & english == set(), when


async def settle(page: Page) -> None:
    """Until what fades has faded."""
    await page.evaluate(
        "() => Promise.allSettled(document.getAnimations()"
        ".filter(each => each instanceof CSSTransition).map(each => each.finished))"
    )


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
