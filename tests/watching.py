"""The watch page in a real browser: when its first picture is there."""

from playwright.async_api import Page

FIRST_FRAME = """
() => {
  const look = () => {
    const video = document.querySelector('video');
    if (!video) return requestAnimationFrame(look);
    video.requestVideoFrameCallback(() => { window.first_frame_ms = performance.now(); });
  };
  look();
}
"""
"""JavaScript, before the page's own: when its first frame was shown, ms after the navigation."""


async def watch(page: Page, url: str) -> float:
    """Open the page; after how many seconds its first frame was shown."""
    await page.add_init_script(FIRST_FRAME.strip().removeprefix("() => ").join(("(() => ", ")()")))
    await page.goto(url, wait_until="commit")
    shown = await page.wait_for_function("() => window.first_frame_ms")
    return float(await shown.json_value()) / 1000
