"""The console's pages of jobs, viewers, services and dead letters, as an operator uses them."""

import csv
import io
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.pattern import PatternPublisher
from tests.recorded import record
from tests.running import RunningWeir
from tests.scenes import Says, Scene, every_scene
from tests.viewing import reading, until_live

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PLAYS_WITHIN_S = 20.0
DONE_MS = 60_000


async def downloaded(page: Page, says: Says) -> list[dict[str, str]]:
    """The rows of the list that is shown."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name=says("downloadCSV")).first.click()
    text = Path(await (await download.value).path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@every_scene
async def test_viewer_is_found_exported_and_kicked(
    weir: RunningWeir, page: Page, scene: Scene, says: Says, faults: list[str]
) -> None:
    name = f"Watched {scene}"
    stream = weir.create_stream(videoname=name, viewPolicy="signed")
    token = weir.call("POST", f"/api/v1/streams/{stream['id']}/viewer-tokens", {"viewer": "=Anna"})
    await sign_in(weir, page, at="viewers")
    await expect(page.get_by_role("heading", level=1)).to_have_text(says("viewers.title"))
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        assert page.context.browser is not None
        viewer = await page.context.browser.new_page(**scene.context())
        await viewer.goto(token["playback"]["pages"]["flv"])
        await reading(viewer, PLAYS_WITHIN_S)
        watched = page.get_by_role("region", name=name)
        await expect(watched.locator(".viewers li")).to_contain_text("=Anna")
        await page.get_by_label(says("viewers.seek")).fill("nobody of this name")
        await expect(watched.locator(".viewers li")).to_have_count(0)
        await page.get_by_label(says("viewers.seek")).fill("anna")
        rows = await downloaded(page, says)
        assert [(row["stream"], row["viewer"]) for row in rows] == [(stream["id"], "'=Anna")]

        await watched.get_by_role("button", name=says("kickNamed", "=Anna")).click()
        await expect(watched).to_have_count(0)
        await expect(viewer.get_by_text(says("forbiddenTitle"))).to_be_visible(timeout=20_000)
        await viewer.close()
    assert faults == []


async def test_job_is_seen_read_and_done_again(
    weir: RunningWeir, page: Page, says: Says, faults: list[str]
) -> None:
    stream = weir.create_stream(videoname="Worked on", reconnectWindow=0)
    session = await record(weir, stream)
    params = {"session": session["id"]}
    job = weir.call("POST", "/api/v1/jobs", {"kind": "poster", "params": params})
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
    assert {row["kind"] for row in await downloaded(page, says)} == {"poster"}
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
        its = page.get_by_role("listitem").filter(has_text=stream["id"])
        row = its.filter(has_text="Package a live stream")
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
    figures = page.get_by_role("region", name="What it stands on")
    for name, told in (("Bus", "GB"), ("Database", "SQLite"), ("Store", "free"), ("Disk", "free")):
        its = figures.get_by_role("listitem").filter(
            has=page.get_by_role("heading", name=name, exact=True)
        )
        await expect(its).to_contain_text(told)
    logs = figures.get_by_role("list", name="Logs of the bus")
    await expect(logs.get_by_text("FACTS", exact=True)).to_be_visible()
    await on_a_phone(page)
    for at in ("system", "jobs", "viewers"):
        await page.evaluate("at => { location.hash = at }", at)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert not await page.evaluate(WIDER_THAN_THE_WINDOW), at
    assert faults == []


async def test_streams_are_exported(weir: RunningWeir, page: Page, says: Says) -> None:
    stream = weir.create_stream(videoname="=North, bank", viewPolicy="signed")
    await sign_in(weir, page, at="streams")
    rows = {row["id"]: row for row in await downloaded(page, says)}
    row = rows[stream["id"]]
    assert (row["name"], row["health"], row["viewers"]) == ("'=North, bank", "offline", "0")
    assert row["view_policy"] == "signed"
    assert stream["push"]["stream_key"] not in str(rows)


async def test_trace_of_a_deed_is_opened_where_traces_are_looked_at(
    own_weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    own_weir.environment = {"WEIR_TRACES_URL": "http://traces.test/trace/{trace}?tab=spans"}
    own_weir.start()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    httpx2.post(
        f"{own_weir.http_url}/api/v1/streams",
        json={"item": {"videoname": "Traced"}},
        headers={
            "x-api-key": own_weir.credentials["api_key"],
            "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
        },
    ).raise_for_status()
    await sign_in(own_weir, page, at="audit")
    entry = page.get_by_role("listitem").filter(has_text=trace)
    await entry.locator("summary").click()
    link = entry.get_by_role("link", name=trace)
    await expect(link).to_have_attribute("href", f"http://traces.test/trace/{trace}?tab=spans")
    await page.evaluate("location.hash = 'system'")
    await expect(page.get_by_text("Traces are looked at on traces.test")).to_be_visible()
    assert faults == []


async def test_trace_of_a_session_is_opened_from_its_recording(
    own_weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    # Nobody takes what is traced; that it is traced is enough.
    own_weir.environment = {
        "WEIR_TRACES_URL": "http://traces.test/{trace}",
        "WEIR_OTLP_ENDPOINT": own_weir.http_url,
    }
    own_weir.start()
    session = await record(own_weir, own_weir.create_stream(videoname="Traced", reconnectWindow=1))
    trace = own_weir.call("GET", f"/api/v1/sessions/{session['id']}")["traceparent"].split("-")[1]
    await sign_in(own_weir, page, at="recordings")
    await page.get_by_role("button", name="More for Traced").click()
    await page.get_by_role("menuitem", name="Files, clips, holds").click()
    link = page.get_by_role("dialog").get_by_role("link", name=trace)
    await expect(link).to_have_attribute("href", f"http://traces.test/{trace}")
    assert faults == []
