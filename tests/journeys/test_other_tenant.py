"""The console as somebody of another tenant sees it: its own things, and nothing of the house."""

import re
import secrets

import pytest
from playwright.async_api import Page, expect

from tests.console import sign_in_as
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration]


async def test_owner_of_another_tenant_sees_its_own_only(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    tenant = f"acme-{secrets.token_hex(4)}"
    weir.create_stream(videoname=f"Not of {tenant}")
    body = {"id": tenant, "owner": tenant, "quotas": {"streams": 0}}
    made = weir.call("POST", "/api/v1/tenants", body)
    for at in ("tenants", "system"):
        await sign_in_as(page, f"{weir.http_url}/#{at}", tenant, made["password"])
        await expect(page.get_by_role("heading", level=1)).to_have_text("Streams")
        await page.context.clear_cookies()
        await page.goto("about:blank")
    await sign_in_as(page, weir.http_url, tenant, made["password"])
    await expect(page.locator(".empty")).to_be_visible()
    assert f"Not of {tenant}" not in await page.content()

    health = page.locator(".health")
    await expect(health).to_have_text("All services are up")
    await health.click()
    await expect(page.get_by_role("dialog")).to_have_text("All services are up")
    await page.keyboard.press("Escape")

    pages = page.get_by_role("navigation", name="Pages")
    await pages.get_by_role("link", name="Access").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Users")
    await expect(page.get_by_role("navigation", name="Access").get_by_role("link")).to_have_text(
        ["Users", "API keys", "Audit log"]
    )
    await expect(page.locator(".row h2")).to_have_text([re.compile(f"^{tenant}")])
    await pages.get_by_role("link", name="System").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    for name in ("Recordings", "Videos", "Viewers", "Webhooks"):
        await pages.get_by_role("link", name=name, exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(name)
        await expect(page.locator("main [role=alert]")).to_have_count(0)

    await pages.get_by_role("link", name="Streams").click()
    await page.get_by_role("button", name="New stream").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("One too many")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Your quota of these is full.")
    assert faults == []
