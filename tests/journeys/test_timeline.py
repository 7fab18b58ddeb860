"""Recordings and their timeline in the console, from a phone to what is asked of a mouse wheel."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.oracles.layout import serious_findings
from tests.pattern import PatternPublisher
from tests.recorded import record
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]


async def test_it_fits_a_phone_is_read_aloud_and_speaks_chinese(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="shed", reconnectWindow=1)
    await record(weir, stream, seconds=2)
    await sign_in(weir, page, "recordings")
    await page.get_by_role("listitem").filter(has_text="shed").first.wait_for()
    assert await serious_findings(page) == []
    await on_a_phone(page)
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    await page.goto(f"{weir.http_url}/#timeline/{stream['id']}")
    track = page.get_by_role("slider", name="Timeline")
    await expect(track).to_be_visible()
    await expect(page.get_by_role("list", name="Missing")).to_be_attached()
    assert await serious_findings(page) == []
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    await page.get_by_role("button", name="Language").click()
    await page.get_by_role("menuitem", name=re.compile("中文")).click()
    await expect(page.get_by_role("slider", name="时间轴")).to_be_visible()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    assert faults == []


async def test_gap_says_its_cause_and_leads_there(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="lane", reconnectWindow=60)

    async def publish(seconds: int) -> None:
        """Until so much is recorded, of all publishes."""
        async with PatternPublisher(stream["push"]["url"], gop_s=1):
            await until(
                lambda: sum(each["duration_s"] for each in weir.sessions(stream["id"])) >= seconds,
                within_s=40,
                what="what is recorded",
            )

    await publish(3)
    await publish(6)
    await sign_in(weir, page, f"timeline/{stream['id']}")
    gap = page.get_by_role("list", name="Missing").get_by_role("button")
    await expect(gap).to_have_count(1)
    await expect(gap).to_contain_text("The publisher was away")
    await gap.click()
    await expect(page.locator(".lane-state")).to_have_text("Nothing recorded at this time")
    assert faults == []
