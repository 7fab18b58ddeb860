"""The overlay that lies over a broadcaster's picture."""

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.running import RunningWeir
from tests.scenes import Says, Scene, every_scene

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

HOSTILE = "<img src=x onerror='window.hurt=1'>"


def tip(weir: RunningWeir, stream: str, key: str, by: str, text: str = "") -> int:
    """The answer's status."""
    body = {
        "key": key, "kind": "tip", "by": by, "text": text, "amount": "12.50", "currency": "EUR",
    }  # fmt: skip
    headers = {"x-api-key": weir.credentials["api_key"]}
    url = f"{weir.http_url}/api/v1/streams/{stream}/alerts"
    return httpx2.post(url, json=body, headers=headers).status_code


KEEP_CARDS = """
window.cards = [];
new MutationObserver((changes) => {
  for (const {addedNodes} of changes)
    for (const card of addedNodes)
      if (card.matches?.('.overlay-card')) window.cards.push(card.innerText.split(/\\s*\\n\\s*/));
}).observe(document, {childList: true, subtree: true});
"""
"""JavaScript: each card is shown for some seconds only, of which a busy machine may miss many."""


@every_scene
async def test_tips_are_shown_one_after_the_other_and_each_once(
    weir: RunningWeir, page: Page, scene: Scene, says: Says, faults: list[str]
) -> None:
    stream = weir.create_stream(name=f"tipped-{scene}")["id"]
    tipped = says("alertTip", "€12.50")
    await page.add_init_script(KEEP_CARDS)
    assert tip(weir, stream, "0", "Early") == 201
    joined = page.expect_websocket()
    async with joined as found:
        await page.goto(f"{weir.http_url}/overlay/{stream}")
    await (await found.value).wait_for_event("framereceived")
    assert [tip(weir, stream, "1", "Ann", HOSTILE) for _ in range(2)] == [201, 200]
    assert tip(weir, stream, "2", "夜猫") == 201
    await page.wait_for_function("() => window.cards.length > 1", timeout=60_000)
    card = page.locator(".overlay-card")
    await expect(card).to_have_count(0, timeout=60_000)
    shown = await page.evaluate("window.cards")
    assert shown == [[f"Ann {tipped}", HOSTILE], [f"夜猫 {tipped}"]]
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
    await expect(page.locator(".chat-alert")).to_have_text("Ann tipped €12.50 Bravo")
