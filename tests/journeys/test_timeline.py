"""Recordings and their timeline in the console: found by day, read aloud, zoomed, and deleted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.console import sign_in
from tests.messages import LANGUAGES
from tests.oracles.layout import faults_at_every_size
from tests.pattern import PatternPublisher
from tests.recorded import record, unix_ms
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

MADE_MS = 150_000
"""A window has a storyboard a minute after its end."""


def _row(page: Page, name: str) -> Locator:
    heading = page.get_by_role("heading", name=name, exact=True)
    return page.get_by_role("listitem").filter(has=heading)


def _track(page: Page) -> Locator:
    return page.get_by_role("slider", name="Timeline")


async def _shown_ms(page: Page) -> tuple[int, int]:
    """Begin and end of the span that the track shows."""
    ends = [await _track(page).get_attribute(f"aria-value{end}") for end in ("min", "max")]
    first, last = (int(each or 0) for each in ends)
    return first, last


async def _length_ms(page: Page) -> int:
    first, last = await _shown_ms(page)
    return last - first


async def _publish(weir: RunningWeir, stream: dict[str, Any], seconds: int) -> None:
    """Until so much is recorded, of all publishes."""
    async with PatternPublisher(stream["push"]["url"], gop_s=1):
        await until(
            lambda: sum(each["duration_s"] for each in weir.sessions(stream["id"])) >= seconds,
            within_s=60,
            what="what is recorded",
        )


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_both_pages_fit_every_window_and_are_translated(
    weir: RunningWeir, page: Page, tag: str, faults: list[str]
) -> None:
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    stream = weir.create_stream(name=f"shed {tag}", reconnectWindow=1)
    session = await record(weir, stream, seconds=2)
    await sign_in(weir, page, "recordings")
    await _row(page, f"shed {tag}").wait_for()
    assert await faults_at_every_size(page, tag) == []
    at_ms = unix_ms(session["started_at"]) + 500
    await page.goto(f"{weir.http_url}/#timeline/{stream['id']}/{at_ms}")
    await expect(page.locator(".lane-player")).to_have_attribute("data-state", "playing")
    await page.get_by_role("slider").press("i")
    await expect(page.locator(".clip-form")).to_be_visible()
    assert await faults_at_every_size(page, tag) == []
    assert faults == []


async def test_recordings_are_found_by_day_and_deleted(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="barn", reconnectWindow=1)
    session = await record(weir, stream, seconds=2)
    day = datetime.fromisoformat(session["started_at"]).astimezone()
    await sign_in(weir, page, "recordings")
    await page.get_by_role("combobox", name="Stream").select_option("barn")
    await expect(page.locator(".recording")).to_have_count(1)
    filter_day = page.get_by_label("Day")
    await filter_day.fill(f"{day - timedelta(days=1):%Y-%m-%d}")
    await expect(page.get_by_text("Nothing was recorded then.")).to_be_visible()
    await filter_day.fill(f"{day:%Y-%m-%d}")
    row = _row(page, "barn")
    await expect(row).to_contain_text("complete")
    await row.get_by_role("button").click()
    await page.get_by_role("menuitem", name="Delete recording").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(row).to_have_count(0)
    assert weir.segments(session["id"]) == []
    await page.get_by_role("button", name="Show all recordings").click()
    await expect(filter_day).to_have_value("")
    assert faults == []


async def test_timeline_is_zoomed_by_wheel_and_keys(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="mill", reconnectWindow=1)
    begin_ms = unix_ms((await record(weir, stream, seconds=2))["started_at"])
    await sign_in(weir, page, f"timeline/{stream['id']}/{begin_ms}")
    await expect(_track(page)).to_have_attribute("aria-valuenow", f"{begin_ms // 100 * 100}")
    hour_ms = await _length_ms(page)
    await _track(page).press("+")
    zoomed_ms = await _length_ms(page)
    assert hour_ms / zoomed_ms == pytest.approx(1.5, rel=0.01)
    await _track(page).press("-")
    assert await _length_ms(page) == pytest.approx(hour_ms, abs=2)

    box = await _track(page).bounding_box()
    assert box is not None
    first_ms, _ = await _shown_ms(page)
    await page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    await page.mouse.wheel(0, -400)
    await expect(_track(page)).not_to_have_attribute("aria-valuemin", str(first_ms))
    near_ms, _ = await _shown_ms(page)
    length_ms = await _length_ms(page)
    assert length_ms < hour_ms
    # What the mouse points at stays where it is, to a pixel.
    pixel_ms = hour_ms / box["width"]
    assert near_ms + length_ms / 4 == pytest.approx(first_ms + hour_ms / 4, abs=pixel_ms)
    await page.mouse.wheel(300, 0)
    await expect(_track(page)).not_to_have_attribute("aria-valuemin", str(near_ms))
    assert await _length_ms(page) == pytest.approx(length_ms, abs=2)
    assert faults == []


@pytest.mark.soak
async def test_picture_is_shown_of_the_instant_that_is_pointed_at(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="quay", reconnectWindow=1)
    session = await record(weir, stream, seconds=4, gop_s=1)
    await until(lambda: weir.sessions(stream["id"])[0]["ended_at"] is not None, within_s=30)
    at_ms = unix_ms(session["started_at"]) + 2000
    await sign_in(weir, page, f"timeline/{stream['id']}/{at_ms}")
    while await _length_ms(page) > 20_000:
        await _track(page).press("+")
    first_ms, last_ms = await _shown_ms(page)
    place = (at_ms - first_ms) / (last_ms - first_ms)
    hover = page.locator(".track-hover")
    box = await _track(page).bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + place * box["width"], box["y"] + box["height"] - 8)
    await expect(hover.locator("canvas")).to_be_visible(timeout=MADE_MS)
    seen = await hover.bounding_box()
    assert seen is not None
    assert seen["y"] >= 0
    shown = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone()
    await expect(hover).to_contain_text(f"{shown:%H:%M:}")
    assert faults == []


async def test_gap_says_its_cause_and_leads_there(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="lane", reconnectWindow=60)
    await _publish(weir, stream, 3)
    await _publish(weir, stream, 6)
    await sign_in(weir, page, f"timeline/{stream['id']}")
    gap = page.get_by_role("list", name="Missing").get_by_role("button")
    await expect(gap).to_have_count(1)
    await expect(gap).to_contain_text("The publisher was away")
    await gap.click()
    await expect(page.locator(".lane-state")).to_have_text("Nothing recorded at this time")
    assert faults == []
