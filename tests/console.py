"""The console in a browser, as somebody uses it."""

from playwright.async_api import Page

from tests.running import RunningWeir

PHONE_WIDTH, PHONE_HEIGHT = 360, 780
WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth > window.innerWidth"
"""JavaScript."""


async def sign_in(weir: RunningWeir, page: Page, at: str = "", by: str = "") -> None:
    """Open the console at `#<at>`, signed in; `by`: another address of it."""
    name, password = weir.credentials["admin_user"], weir.credentials["admin_password"]
    await sign_in_as(page, f"{by or weir.http_url}/#{at}", name, password)


async def sign_in_as(page: Page, url: str, name: str, password: str) -> None:
    await page.goto(url)
    await page.fill("input[autocomplete=username]", name)
    await page.fill("input[type=password]", password)
    await page.press("input[type=password]", "Enter")
    await page.wait_for_selector(".heading")


async def on_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": PHONE_WIDTH, "height": PHONE_HEIGHT})
