"""What a page does wrong."""

import pytest
from playwright.async_api import Page


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
