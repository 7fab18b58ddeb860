"""A real Chromium, and what a page in it does wrong."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright

from tests.required import lacking
from tests.scenes import Scene

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@pytest.fixture
async def page(scene: Scene) -> AsyncIterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        lacking("Chromium", "Debian: `apt-get install chromium libatomic1`.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield await browser.new_page(**scene.context())
        await browser.close()


@pytest.fixture
async def faults(page: Page) -> list[str]:
    """What scripts threw and what the content security policy refused, as it happens."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on(
        "console",
        lambda message: seen.append(message.text) if "Security Policy" in message.text else None,
    )
    return seen
