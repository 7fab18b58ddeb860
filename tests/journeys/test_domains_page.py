"""The console's page of domains, from none to the addresses that publishers and viewers get."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.console import sign_in
from tests.messages import LANGUAGES
from tests.oracles.layout import faults_at_every_size
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def domains_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    """Its domains would stand in all links of others' streams."""
    running = RunningWeir(tmp_path_factory.mktemp("domains"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def weir(domains_weir: RunningWeir) -> Iterator[RunningWeir]:
    yield domains_weir
    for each in domains_weir.call("GET", "/api/v1/domains")["domains"]:
        domains_weir.call("DELETE", f"/api/v1/domains/{each['id']}")


async def add(page: Page, kind: str, address: str) -> None:
    await page.get_by_role("button", name="Add domain").click()
    dialog = page.get_by_role("dialog", name="Add domain")
    await dialog.get_by_text(kind, exact=True).click()
    await dialog.get_by_label("Address").fill(address)
    await dialog.get_by_label("Use it in all links").check()
    await dialog.get_by_role("button", name="Add domain").click()


async def test_domain_is_added_used_changed_and_deleted(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(videoname="Lobby")
    await sign_in(weir, page, at="domains")
    await expect(page.get_by_role("heading", name="Reach it by your own names")).to_be_visible()
    await add(page, "Push", "https://push.example.org")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Write it like rtmp://push.example.org")
    await dialog.get_by_label("Address").fill("Push.example.org:1940")
    await dialog.get_by_role("button", name="Add domain").click()
    await expect(dialog).to_have_count(0)
    row = page.get_by_role("listitem").filter(has_text="rtmp://push.example.org:1940")
    await expect(row.locator(".tag")).to_have_text("In use")
    await add(page, "Watch", "https://live.example.org/")
    await expect(page.locator(".in-use")).to_contain_text("https://live.example.org")

    await page.evaluate("location.hash = 'streams'")
    card = page.get_by_role("listitem").filter(has_text="Lobby")
    await expect(card).to_contain_text("rtmp://push.example.org:1940/stream")
    shown = weir.call("GET", f"/api/v1/streams/{stream['id']}")
    assert shown["playback"]["watch"] == f"https://live.example.org/watch/{stream['id']}"

    await page.evaluate("location.hash = 'domains'")
    await row.locator(".card-more").click()
    await page.get_by_role("menuitem", name="No longer use in links").click()
    await expect(row.locator(".tag")).to_have_count(0)
    await row.locator(".card-more").click()
    await page.get_by_role("menuitem", name="Change", exact=True).click()
    await dialog.get_by_label("Address").fill("https://wrong.example.org")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_contain_text("Write it like rtmp://push.example.org")
    await page.keyboard.press("Escape")
    await row.locator(".card-more").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await dialog.get_by_role("button", name="Delete").click()
    await expect(row).to_have_count(0)
    assert faults == []


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_page_fits_every_window_in_each_language(
    weir: RunningWeir, page: Page, tag: str, faults: list[str]
) -> None:
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    await sign_in(weir, page, at="domains")
    await page.locator(".empty").wait_for()
    found = {"empty": await faults_at_every_size(page, tag)}
    long = f"https://{'-'.join(['upper-weir'] * 5)}.north-bank.example.org:8443"
    for kind, url in (("push", "rtmp://push.example.org"), ("pull", long)):
        weir.call("POST", "/api/v1/domains", {"kind": kind, "url": url, "is_default": True})
    await page.reload()
    await page.locator(".rows .row").first.wait_for()
    found["list"] = await faults_at_every_size(page, tag)
    await page.locator(".card-more").first.click()
    found["menu"] = await faults_at_every_size(page, tag)
    await page.locator("[role=menuitem]:has([data-icon=pencil])").click()
    await page.get_by_role("dialog").wait_for()
    found["edit"] = await faults_at_every_size(page, tag)
    await page.keyboard.press("Escape")
    await page.locator(".heading button").click()
    await page.locator("[role=dialog] button[type=submit]").click()
    found["new"] = await faults_at_every_size(page, tag)
    assert found == {name: [] for name in found}
    assert faults == []
