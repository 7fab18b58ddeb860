"""Users, API keys, the audit log and the own account in the console, as somebody uses them."""

import re
import secrets
from collections.abc import Callable

import httpx2
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PASSWORD = "long enough for anybody"
SIGNED_OUT_MS = 15_000
NOTED_MS = 15_000


@pytest.fixture
def browser(page: Page) -> Browser:
    assert page.context.browser is not None
    return page.context.browser


@pytest.fixture
def name() -> str:
    return f"anna-{secrets.token_hex(4)}"


@pytest.fixture
def make_user(weir: RunningWeir, name: str) -> Callable[[str], None]:
    def make(role: str) -> None:
        weir.call("POST", "/api/v1/users", {"name": name, "role": role, "password": PASSWORD})

    return make


async def sign_in_as(weir: RunningWeir, page: Page, name: str, password: str, at: str = "") -> None:
    await page.goto(f"{weir.http_url}/#{at}")
    await page.fill("input[autocomplete=username]", name)
    await page.fill("input[type=password]", password)
    await page.press("input[type=password]", "Enter")


def row(page: Page, name: str) -> Locator:
    return page.locator(".rows > li").filter(has_text=name)


async def shown(dialog: Locator) -> str:
    """The secret that is told, once it is uncovered."""
    code = dialog.locator(".copy code").last
    await expect(code).to_have_text(re.compile(r"[\w-]{10,}"))
    return await code.inner_text()


async def choose(page: Page, name: str, what: str) -> Locator:
    """The dialog that opens by it."""
    await page.get_by_role("button", name=f"More for {name}").click()
    await page.get_by_role("menuitem", name=what).click()
    return page.get_by_role("dialog")


async def test_user_is_made_signs_in_is_changed_and_is_sent_out(
    weir: RunningWeir, page: Page, browser: Browser, faults: list[str], name: str
) -> None:
    await sign_in(weir, page, "users")
    await page.get_by_role("button", name="New user").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("User name").fill("not a name")
    await dialog.get_by_label("Password").fill("short")
    await dialog.get_by_role("button", name="Create user").click()
    await expect(dialog.get_by_text("Use letters, digits and")).to_be_visible()
    await dialog.get_by_label("User name").fill(name)
    await dialog.get_by_label("Password").fill("")
    await dialog.get_by_role("button", name="Create user").click()
    await dialog.get_by_role("button", name="Show: Password").click()
    password = await shown(dialog)
    await dialog.get_by_role("button", name="Done").click()
    await expect(row(page, name)).to_contain_text("Has never signed in")
    await expect(row(page, name).locator(".tag")).to_have_text("Viewer")

    theirs = await browser.new_page()
    await sign_in_as(weir, theirs, name, password)
    await expect(theirs.get_by_role("heading", level=1)).to_have_text("Streams")
    pages = theirs.get_by_role("navigation", name="Pages")
    await expect(pages.get_by_role("link", name="Access")).to_have_count(0)
    await expect(theirs.get_by_role("button", name="New stream")).to_have_count(0)

    dialog = await choose(page, name, "Change role")
    await dialog.get_by_label("Operator").check()
    await dialog.get_by_role("button", name="Save").click()
    await expect(row(page, name).locator(".tag")).to_have_text("Operator")
    await theirs.reload()
    await expect(theirs.get_by_role("button", name="New stream").first).to_be_visible()

    dialog = await choose(page, name, "Disable")
    await dialog.get_by_role("button", name="Disable").click()
    await expect(row(page, name).locator(".tag")).to_have_text("Disabled")
    await expect(theirs.get_by_role("button", name="Sign in")).to_be_visible(timeout=SIGNED_OUT_MS)
    await sign_in_as(weir, theirs, name, password)
    await expect(theirs.get_by_role("alert")).to_contain_text("User or password is wrong.")

    dialog = await choose(page, name, "Enable")
    await dialog.get_by_role("button", name="Enable").click()
    await expect(row(page, name).locator(".tag")).to_have_text("Operator")
    dialog = await choose(page, name, "Reset password")
    await dialog.get_by_role("button", name="Reset password").click()
    await dialog.get_by_role("button", name="Show: Password").click()
    fresh = await shown(dialog)
    assert fresh != password
    await dialog.get_by_role("button", name="Done").click()
    await sign_in_as(weir, theirs, name, fresh)
    await theirs.wait_for_selector(".heading")

    dialog = await choose(page, name, "Delete user")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(row(page, name)).to_have_count(0)
    assert faults == []


async def test_viewer_sees_and_watches_and_is_offered_nothing_else(
    weir: RunningWeir, page: Page, faults: list[str], name: str, make_user: Callable[[str], None]
) -> None:
    make_user("viewer")
    stream = weir.create_stream(videoname=f"Of {name}", viewPolicy="signed")
    await sign_in_as(weir, page, name, PASSWORD, "users")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Streams")
    card = page.get_by_role("listitem").filter(has_text=f"Of {name}")
    await expect(card.get_by_role("button", name="How to push")).to_have_count(0)
    assert stream["push"]["stream_key"] not in await page.content()
    await card.get_by_role("button", name="More for").click()
    await expect(page.get_by_role("menuitem")).to_have_text(
        ["Copy stream id", "Chat", "Relay to other servers"]
    )
    await page.keyboard.press("Escape")
    async with page.expect_response(re.compile("viewer-tokens/own")) as own:
        await card.get_by_role("button", name=f"Watch Of {name}").click()
    assert (await own.value).status == 201
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Videos").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Videos")
    await expect(page.get_by_role("button", name="Choose files")).to_have_count(0)
    assert faults == []


async def test_key_is_told_once_opens_what_was_ticked_and_is_revoked(
    weir: RunningWeir, page: Page, faults: list[str], name: str
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(weir, page, "keys")
    await page.get_by_role("button", name="New API key").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Create key").click()
    await expect(dialog.get_by_text("Tick at least one thing.")).to_be_visible()
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("checkbox", name="Streams: read").focus()
    await page.keyboard.press("Space")
    await dialog.get_by_role("button", name="Create key").click()
    await dialog.get_by_role("button", name="Copy: x-api-key").click()
    key = await page.evaluate("navigator.clipboard.readText()")
    await dialog.get_by_role("button", name="Done").click()
    assert key not in await page.content()

    def status(path: str) -> int:
        return httpx2.get(f"{weir.http_url}{path}", headers={"x-api-key": key}).status_code

    assert status("/api/v1/streams") == 200
    assert status("/api/v1/assets") == 403
    await expect(row(page, name)).to_contain_text("Streams read")
    await page.get_by_role("button", name=f"Revoke {name}").click()
    await dialog.get_by_role("button", name="Revoke").click()
    await expect(row(page, name)).to_have_count(0)
    await until(lambda: status("/api/v1/streams") == 401, what="the key's end")
    assert faults == []


async def test_audit_log_is_narrowed_opened_and_downloaded(
    weir: RunningWeir, page: Page, faults: list[str], name: str, make_user: Callable[[str], None]
) -> None:
    make_user("operator")
    await sign_in_as(weir, page, name, PASSWORD)
    await page.wait_for_selector(".heading")
    await page.get_by_role("button", name=f"Account: {name}").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await sign_in(weir, page, "audit")
    await page.get_by_label("Who").fill(name)
    entries = page.locator(".entry")

    await expect(entries).to_have_count(2, timeout=NOTED_MS)
    await expect(entries.first).to_contain_text("Sign out")
    await entries.last.click()
    await expect(entries.last).to_contain_text("/api/v1/login → 200")
    await page.get_by_label("What").select_option("Users")
    await expect(page.get_by_text("Nothing in the log is like that.")).to_be_visible()
    await page.get_by_role("button", name="Show everything").click()
    await expect(entries.first).to_be_visible()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download CSV").click()
    text = (await (await started.value).path()).read_text(encoding="utf-8")
    assert name in text
    assert faults == []


async def test_own_password_is_changed_and_other_sessions_end(
    weir: RunningWeir,
    page: Page,
    browser: Browser,
    faults: list[str],
    name: str,
    make_user: Callable[[str], None],
) -> None:
    make_user("viewer")
    await sign_in_as(weir, page, name, PASSWORD, "account")
    other = await browser.new_page()
    await sign_in_as(weir, other, name, PASSWORD)
    await other.wait_for_selector(".heading")
    await page.reload()
    sessions = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    await expect(sessions).to_have_count(2)
    await page.get_by_role("button", name="Sign out everywhere else").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Sign out").click()
    await expect(sessions).to_have_count(1)
    await expect(other.get_by_role("button", name="Sign in")).to_be_visible(timeout=SIGNED_OUT_MS)

    await page.get_by_label("Old password").fill("not the old one")
    await page.get_by_label("New password", exact=True).fill("another long one")
    await page.get_by_label("New password, again").fill("another")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("These two are not the same.")).to_be_visible()
    await page.get_by_label("New password, again").fill("another long one")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("The old password is wrong.")).to_be_visible()
    await page.get_by_label("Old password").fill(PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_role("status")).to_contain_text("Your password is changed.")
    await sign_in_as(weir, other, name, "another long one")
    await other.wait_for_selector(".heading")
    assert faults == []


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_phone_shows_every_page_in_its_width(
    weir: RunningWeir, page: Page, name: str, language: str
) -> None:
    long = f"{name}-{'of-somebody' * 8}@example.org"
    weir.call("POST", "/api/v1/users", {"name": long, "role": "operator"})
    body = {"name": "A key far too long " * 5, "permissions": ["streams:read"]}
    weir.call("POST", "/api/v1/api-keys", body)
    await on_a_phone(page)
    await page.add_init_script(f"localStorage.setItem('weir.language', '{language}')")
    await sign_in(weir, page, "users")
    for at in ("users", "keys"):
        await page.evaluate("at => (location.hash = at)", at)
        await page.locator(".row").first.wait_for()
        assert not await page.evaluate(WIDER_THAN_THE_WINDOW), at
        await page.locator(".heading button").click()
        await page.get_by_role("dialog").wait_for()
        assert not await page.evaluate(WIDER_THAN_THE_WINDOW), at
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.evaluate("location.hash = 'audit'")
    await page.locator(".entry").first.click()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    await page.evaluate("location.hash = 'account'")
    await page.locator(".sessions li").first.wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)


async def test_empty_pages_teach(own_weir: RunningWeir, page: Page, faults: list[str]) -> None:
    own_weir.start()
    await sign_in(own_weir, page)
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Access").click()
    await expect(page.locator(".empty h2")).to_have_text("Give everybody their own sign-in")
    await expect(page.locator(".empty code")).to_have_text("weir user add anna --role operator")
    await page.get_by_role("link", name="API keys").click()
    await expect(page.locator(".empty h2")).to_have_text("Give each program its own key")
    await page.get_by_role("button", name="Account: admin").click()
    await page.get_by_role("menuitem", name="Your account").click()
    await expect(page.get_by_text("WEIR_ADMIN_PASSWORD")).to_be_visible()
    assert faults == []
