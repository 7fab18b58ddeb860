"""The console's pages of jobs, viewers, services and dead letters, as an operator uses them."""

import csv
import io
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.viewing import reading, until_live

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PLAYS_WITHIN_S = 20.0
DONE_MS = 60_000


async def downloaded(page: Page) -> list[dict[str, str]]:
    """The rows of the list that is shown."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download CSV").first.click()
    text = Path(await (await download.value).path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


async def test_viewer_is_found_exported_and_kicked(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(videoname="Watched", viewPolicy="signed")
    token = weir.call("POST", f"/api/v1/streams/{stream['id']}/viewer-tokens", {"viewer": "=Anna"})
    await sign_in(weir, page, at="viewers")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Viewers")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        assert page.context.browser is not None
        viewer = await page.context.browser.new_page()
        await viewer.goto(token["playback"]["pages"]["flv"])
        await reading(viewer, PLAYS_WITHIN_S)
        watched = page.get_by_role("region", name="Watched")
        await expect(watched.locator(".viewers li")).to_contain_text("=Anna")
        await page.get_by_label("Find a viewer").fill("nobody of this name")
        await expect(watched.locator(".viewers li")).to_have_count(0)
        await page.get_by_label("Find a viewer").fill("anna")
        rows = await downloaded(page)
        assert [(row["stream"], row["viewer"]) for row in rows] == [(stream["id"], "'=Anna")]

        await watched.get_by_role("button", name="Kick =Anna").click()
        await expect(watched).to_have_count(0)
        await expect(viewer.get_by_text("You may not watch this")).to_be_visible(timeout=20_000)
        await viewer.close()
    assert faults == []


async def test_job_is_seen_read_and_done_again(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(videoname="Worked on", reconnectWindow=0)
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        session = weir.sessions(stream["id"])[0]["id"]
    job = weir.call("POST", "/api/v1/jobs", {"kind": "poster", "params": {"session": session}})
    await sign_in(weir, page, at="jobs")
    await page.get_by_label("Stream id").fill(stream["id"])
    await page.get_by_label("Kind").select_option("Make a poster")
    row = page.get_by_role("listitem").filter(has_text=job["id"])
    await expect(row.locator(".tag")).to_have_text("Completed", timeout=DONE_MS)
    await row.locator("summary").click()
    await expect(row.get_by_text("Attempt 1")).to_be_visible()
    async with page.expect_download() as download:
        await row.get_by_role("link", name="Download the result").click()
    assert (await download.value).suggested_filename == f"{job['id']}.jpg"

    await row.get_by_role("button", name="Do it again").click()
    await expect(row.get_by_role("status")).to_contain_text("Queued as poster-")
    await expect(page.locator(".entries > li")).to_have_count(2)
    assert {row["kind"] for row in await downloaded(page)} == {"poster"}
    await page.get_by_label("State").select_option("Cancelled")
    await expect(page.get_by_text("No job is like that.")).to_be_visible()
    assert faults == []


async def test_live_job_shows_what_it_said_and_cannot_be_cancelled(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(videoname="Goes on")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        await sign_in(weir, page, at="jobs")
        await page.get_by_label("Stream id").fill(stream["id"])
        row = page.get_by_role("listitem").filter(has_text="Package a live stream")
        await expect(row.locator(".tag")).to_contain_text("Running")
        await row.locator("summary").click()
        await expect(row.get_by_role("heading", name="Log")).to_be_visible()
        await expect(row.get_by_role("button", name="Cancel the job")).to_have_count(0)


async def test_system_page_names_every_service_and_fits_a_phone(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    await sign_in(weir, page, at="system")
    services = page.get_by_role("region", name="Services")
    for kind in ("catalog", "gateway", "ingest", "packager", "relay", "transcoder"):
        await expect(services.get_by_text(kind, exact=True)).to_be_visible()
    await expect(page.get_by_role("region", name="Dead letters")).to_be_visible()
    await on_a_phone(page)
    for at in ("system", "jobs", "viewers"):
        await page.evaluate("at => { location.hash = at }", at)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert not await page.evaluate(WIDER_THAN_THE_WINDOW), at
    assert faults == []
