"""The overlay that lies over a broadcaster's picture."""

import re

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration]

HOSTILE = "<img src=x onerror='window.hurt=1'>"


def tip(weir: RunningWeir, stream: str, key: str, by: str, text: str = "") -> int:
    """The answer's status."""
    body = {
        "key": key, "kind": "tip", "by": by, "text": text, "amount": "12.50", "currency": "EUR",
    }  # fmt: skip
    headers = {"x-api-key": weir.credentials["api_key"]}
    url = f"{weir.http_url}/api/v1/streams/{stream}/alerts"
    return httpx2.post(url, json=body, headers=headers).status_code


async def test_tips_are_shown_one_after_the_other_and_each_once(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="tipped")["id"]
    assert tip(weir, stream, "0", "Early") == 201
    joined = page.expect_websocket()
    async with joined as found:
        await page.goto(f"{weir.http_url}/overlay/{stream}?language=en")
    await (await found.value).wait_for_event("framereceived")
    for _ in range(2):
        assert tip(weir, stream, "1", "Ann", HOSTILE) in (200, 201)
    assert tip(weir, stream, "2", "夜猫") == 201
    card = page.locator(".overlay-card")
    await expect(card).to_have_text(re.compile(r"^Ann\s*tipped €12\.50"))
    await expect(page.locator(".overlay-text")).to_have_text(HOSTILE)
    await expect(card).to_have_text(re.compile("^夜猫"), timeout=15_000)
    await expect(card).to_have_count(0, timeout=15_000)
    assert await page.evaluate("window.hurt") is None
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgba(0, 0, 0, 0)"
    assert faults == []


async def test_viewers_see_it_in_the_chat(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(name="told")["id"]
    weir.call("PATCH", f"/api/v1/streams/{stream}/chat", {"is_open": True})
    await page.goto(f"{weir.http_url}/watch/{stream}")
    await expect(page.locator("#chat")).to_be_visible()
    assert tip(weir, stream, "1", "Ann", "Bravo") == 201
    await expect(page.locator(".chat-alert")).to_have_text("Anntipped €12.50Bravo")
