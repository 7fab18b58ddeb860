"""The watch page of a live stream: what stands around the picture, what is chosen, and who may."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.pattern import PatternPublisher
from tests.recorded import recorded_s
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import until
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration]

OF_RECORDING = re.compile(r"\d+:\d\d / \d+:\d\d")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> Café & 夜"


async def test_title_and_count_change_while_it_is_watched(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="titled")
    path = f"/api/v1/streams/{stream['id']}"
    weir.call("PATCH", path, {"title": "Before", "description": "See https://example.org/x."})
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Before")
        await expect(page.locator(".info-text a")).to_have_attribute(
            "href", "https://example.org/x"
        )
        await expect(page.locator(".info-viewers")).to_have_text("1 watching")
        weir.call("PATCH", path, {"title": HOSTILE, "description": HOSTILE})
        await expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
        await expect(page.locator(".info-text")).to_have_text(HOSTILE)
        assert await page.title() == HOSTILE
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert await page.locator("main img, h1 *").count() == 0
    assert dialogs == []
    assert faults == []


async def test_page_waits_plays_and_offers_the_recording(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="ends", reconnectWindow=1)
    await page.goto(f"{weir.http_url}/watch/{stream['id']}")
    await page.get_by_role("heading", name="Not live yet").wait_for()
    await expect(page.locator(".info-state")).to_have_text("Off air")
    async with PatternPublisher(stream["push"]["url"]):
        await page.wait_for_selector("[data-state=playing]")
        await expect(page.locator(".info-state")).to_have_text("Live")
        await until(lambda: recorded_s(weir, stream["id"]) > 4, what="recorded")
    await page.get_by_role("heading", name="The broadcast has ended").wait_for()
    await page.get_by_role("link", name="Watch the recording").click()
    await page.wait_for_selector("[data-state=playing]")
    await expect(page.locator(".info-state")).to_have_text("Recording")
    await expect(page.locator(".player-time")).to_have_text(OF_RECORDING)


async def test_quality_and_delay_are_chosen(weir: RunningWeir, page: Page) -> None:
    rungs = [{"name": "small", "width": 320, "height": 180, "bitrate": 200_000}]
    stream = weir.create_stream(name="chosen", ladder={"rungs": rungs})
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await watch(page, f"{weir.http_url}/watch/{stream['id']}")
        await page.mouse.move(400, 300)
        gear = page.get_by_role("button", name="Settings")
        await gear.click()
        await page.get_by_role("menuitem", name="Quality").click()
        await page.get_by_role("menuitemradio", name="180p").click()
        await page.wait_for_function("() => document.querySelector('video').videoHeight === 180")
        await page.mouse.move(400, 320)
        await gear.click()
        await page.get_by_role("menuitem", name="Quality").click()
        chosen = page.get_by_role("menuitemradio", name="180p")
        await expect(chosen).to_have_attribute("aria-checked", "true")
        await page.keyboard.press("Escape")
        await page.get_by_role("menuitem", name="Delay").click()
        await page.get_by_role("menuitemradio", name="Normal").click()
        await page.wait_for_selector("[data-state=playing]")
        assert await page.evaluate("() => localStorage.getItem('weir.latency')") == "normal"


async def test_signed_stream_is_watched_and_shared_with_its_token(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="signed", viewPolicy="signed")
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}", {"title": "For members"})
    made = weir.call("POST", f"/api/v1/streams/{stream['id']}/viewer-tokens", {})
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await page.goto(f"{weir.http_url}/watch/{stream['id']}")
        await page.get_by_role("heading", name="You may not watch this").wait_for()
        assert "For members" not in await page.content()
        await watch(page, f"{weir.http_url}/watch/{stream['id']}?token={made['token']}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("For members")
        await page.get_by_role("button", name="Share").click()
        link = page.get_by_label("Link")
        await expect(link).to_have_value(f"{weir.http_url}/~{made['token']}/watch/{stream['id']}")
    assert faults == []


async def test_embed_plays_in_a_page_of_somebody_else(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="embedded")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        shown_in = weir.http_url.replace("127.0.0.1", "localhost")
        await page.goto(f"{shown_in}/docs")
        await page.evaluate(
            "url => { document.body.innerHTML = ''; const frame = document.createElement('iframe');"
            " frame.src = url; frame.width = 640; frame.height = 360; frame.allow = 'autoplay';"
            " document.body.append(frame) }",
            f"{shown_in}/embed/{stream['id']}",
        )
        frame = page.frame_locator("iframe")
        await expect(frame.locator("#player")).to_have_attribute("data-state", "playing")


KEEPS_NOTHING = """
Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
});
"""
"""JavaScript: a browser that was told to keep nothing of this site's."""


async def test_embed_plays_where_nothing_may_be_kept(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="unkept")
    await page.add_init_script(KEEPS_NOTHING)
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await watch(page, f"{weir.http_url}/embed/{stream['id']}")
    assert faults == []
