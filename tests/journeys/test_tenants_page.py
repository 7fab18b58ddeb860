"""Tenants in the console: made, limited, disabled by the installation's owner."""

import re
import secrets

import httpx2
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in, sign_in_as
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration]

SIGNED_OUT_MS = 20_000
"""The streams are asked for every few seconds."""


@pytest.fixture
def tenant() -> str:
    return f"acme-{secrets.token_hex(4)}"


@pytest.fixture
def browser(page: Page) -> Browser:
    assert page.context.browser is not None
    return page.context.browser


def row(page: Page, name: str) -> Locator:
    return page.locator(".tenant-row").filter(has_text=name)


def quota(page: Page, name: str, label: str) -> Locator:
    return row(page, name).locator(".quotas > div").filter(has_text=label)


async def make(page: Page, tenant: str, **limits: str) -> str:
    """The password of its owner, who has its name."""
    await page.get_by_role("button", name="New tenant").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Id").fill("Not An Id")
    await dialog.get_by_label("User name of its owner").fill(tenant)
    await dialog.get_by_role("button", name="Create tenant").click()
    await expect(dialog.get_by_text("Use up to 32 lower-case letters")).to_be_visible()
    await dialog.get_by_label("Id").fill(tenant)
    for label, limit in limits.items():
        await dialog.get_by_label(label, exact=True).fill(limit)
    await dialog.get_by_role("button", name="Create tenant").click()
    await dialog.get_by_role("button", name="Show: Password").click()
    code = dialog.locator(".copy code").last
    await expect(code).to_have_text(re.compile(r"[\w-]{20}"))
    password = await code.inner_text()
    await dialog.get_by_role("button", name="Done").click()
    return password


async def choose(page: Page, name: str, what: str) -> Locator:
    await row(page, name).get_by_role("button", name=re.compile(f"^More for .*{name}$")).click()
    await page.get_by_role("menuitem", name=what).click()
    return page.get_by_role("dialog")


async def test_tenant_is_made_limited_and_disabled(
    weir: RunningWeir, page: Page, browser: Browser, faults: list[str], tenant: str
) -> None:
    await sign_in(weir, page, "tenants")
    await expect(row(page, "default").locator(".tag")).to_have_text("This installation")
    password = await make(page, tenant, Streams="1", Users="4")
    await expect(quota(page, tenant, "Streams")).to_contain_text("0 of 1")
    bar = quota(page, tenant, "Users").get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", "25")
    await expect(quota(page, tenant, "Storage").get_by_role("progressbar")).to_have_count(0)

    theirs = await browser.new_page()
    await sign_in_as(theirs, weir.http_url, tenant, password)
    await theirs.get_by_role("button", name="New stream").first.click()
    await theirs.get_by_role("dialog").get_by_label("Name").fill("Ours")
    await theirs.get_by_role("dialog").get_by_role("button", name="Create").click()
    await expect(theirs.get_by_role("listitem").filter(has_text="Ours")).to_be_visible()

    await page.reload()
    await expect(quota(page, tenant, "Streams")).to_contain_text("1 of 1")
    await expect(quota(page, tenant, "Streams")).to_have_attribute("data-full", "true")
    dialog = await choose(page, tenant, "Name and quotas")
    await dialog.get_by_label("Name").fill(f"The house of {tenant}")
    await dialog.get_by_label("Streams").fill("many")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("Use a number, or leave it empty.")).to_be_visible()
    await dialog.get_by_label("Streams").fill("")
    await dialog.get_by_label("Storage (GB)").fill("2.5")
    await dialog.get_by_role("button", name="Save").click()
    await expect(row(page, tenant).get_by_role("heading")).to_have_text(f"The house of {tenant}")
    await expect(quota(page, tenant, "Storage")).to_contain_text("of 2.5 GB")
    await expect(quota(page, tenant, "Streams")).not_to_contain_text("of")
    made = weir.call("GET", f"/api/v1/tenants/{tenant}")
    assert (made["quotas"]["storage_bytes"], made["quotas"]["streams"]) == (2_500_000_000, None)
    assert made["quotas"]["users"] == 4

    dialog = await choose(page, tenant, "Disable")
    await dialog.get_by_role("button", name="Disable").click()
    await expect(row(page, tenant).locator(".tag")).to_have_text("Disabled")
    await expect(theirs.get_by_role("button", name="Sign in")).to_be_visible(timeout=SIGNED_OUT_MS)
    dialog = await choose(page, tenant, "Enable")
    await dialog.get_by_role("button", name="Enable").click()
    await expect(row(page, tenant).locator(".tag")).to_have_count(0)
    await sign_in_as(theirs, weir.http_url, tenant, password)
    await on_a_phone(page)
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    assert faults == []


def test_page_of_the_tenants_is_for_the_installation_only(weir: RunningWeir, tenant: str) -> None:
    made = weir.call("POST", "/api/v1/tenants", {"id": tenant, "owner": tenant})
    login = {"user": tenant, "password": made["password"]}
    signed = httpx2.post(f"{weir.http_url}/api/v1/login", json=login, trust_env=False).json()
    assert "tenants:read" in signed["permissions"]
    assert "tenants:write" not in signed["permissions"]
