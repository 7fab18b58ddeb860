"""One stream's page: its parts, as an operator uses them."""

import pytest
from playwright.async_api import Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PARTS = ("Publish", "Watermark", "Sizes", "Relay", "Recording", "Doctor", "Viewers")


async def test_every_part_is_shown_and_fits_a_phone(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(videoname="Parts of it")
    await sign_in(weir, page, at=f"streams/{stream['id']}")
    tabs = page.get_by_role("navigation", name="About this stream")
    for part in PARTS:
        await tabs.get_by_role("link", name=part).click()
        await expect(page.get_by_role("heading", name=part, exact=True, level=2)).to_be_visible()
    await on_a_phone(page)
    for part in PARTS:
        await tabs.get_by_role("link", name=part).click()
        await expect(page.get_by_role("heading", name=part, exact=True, level=2)).to_be_visible()
        assert not await page.evaluate(WIDER_THAN_THE_WINDOW), part
    assert faults == []


async def test_recording_and_retention_are_set(weir: RunningWeir, page: Page) -> None:
    stream = weir.create_stream(videoname="Kept")
    await sign_in(weir, page, at=f"streams/{stream['id']}/recording")
    await page.get_by_role("switch", name="MP4 files").check()
    await page.get_by_label("Seconds each").fill("1")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("A number from 2 to 43,200.")).to_be_visible()
    await page.get_by_label("Seconds each").fill("60")
    await page.get_by_label("Hours").fill("48")
    await page.get_by_label("Gigabytes").fill("1.5")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    item = weir.call("GET", f"/api/v1/streams/{stream['id']}")["item"]
    assert (item["isVideo"], item["video_time"]) == (True, 60)
    assert (item["retentionHours"], item["retentionBytes"]) == (48, 1_500_000_000)
