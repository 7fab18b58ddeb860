"""The watch page of a live stream, as somebody uses it."""

import asyncio
import gzip
import re

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.pattern import PatternPublisher
from tests.recorded import now_ms, shown
from tests.required import again_if_void, too_slow
from tests.running import RunningWeir
from tests.viewing import START_S, until_live
from tests.waiting import until
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration]

FIRST_FRAME_S = 1.5
TRANSFER_BYTES = 350 * 1024
TIME_OF_DAY = re.compile(r"\d\d:\d\d:\d\d")
OF_RECORDING = re.compile(r"\d+:\d\d / \d+:\d\d")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> Café & 夜"
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
        await until(lambda: duration_s(weir, stream["id"]) > 24, within_s=60, what="recorded")
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


def duration_s(weir: RunningWeir, stream_id: str) -> float:
    return max((float(each["duration_s"]) for each in weir.sessions(stream_id)), default=0.0)


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
        await until(lambda: duration_s(weir, stream["id"]) > 4, what="recorded")
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
