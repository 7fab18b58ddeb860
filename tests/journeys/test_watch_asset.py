"""The watch page of an uploaded film: its captions are chosen by language, and drawn by us."""

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.asset_house import made_of
from tests.media import film_of
from tests.oracles.layout import layout_faults, serious_findings
from tests.running import RunningWeir
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 12
CAPTIONS = "WEBVTT\n\n00:00:00.000 --> 00:00:11.000\n{}\n"


SAID = (("en", "English", "<i>Good</i> evening"), ("zh", "中文", "晚上好"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film_of(tmp_path_factory.mktemp("film"), seconds=SECONDS)


async def test_captions_of_an_asset_are_chosen_and_shown(
    weir: RunningWeir, page: Page, film: bytes, faults: list[str]
) -> None:
    asset = made_of(weir, film, "film.mp4")
    for language, label, text in (
        ("en", "English", "<i>Good</i> evening"),
        ("zh", "中文", "晚上好"),
    ):
        added = httpx2.post(
            f"{weir.http_url}/api/v1/assets/{asset['id']}/captions",
            params={"language": language, "label": label},
            content=CAPTIONS.format(text).encode(),
            headers={"x-api-key": weir.credentials["api_key"], "content-type": "text/vtt"},
        )
        assert added.is_success, added.text
    assert asset["playback"]["watch"] == f"{weir.http_url}/watch/{asset['id']}"
    await watch(page, asset["playback"]["watch"])
    await expect(page.get_by_role("heading", level=1)).to_have_text("film.mp4")
    drawn = page.locator(".player-captions")
    await expect(drawn).to_have_text("")
    await page.keyboard.press("c")
    await expect(drawn).to_have_text("Good evening")
    await expect(drawn.locator("i")).to_have_text("Good")
    await page.mouse.move(600, 300)
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_role("menuitem", name="Captions").click()
    assert await layout_faults(page) == []
    await page.get_by_role("menuitemradio", name="中文").click()
    await expect(drawn).to_have_text("晚上好")
    assert await serious_findings(page) == []
    await page.keyboard.press("c")
    await expect(drawn).to_have_text("")
    assert faults == []
