"""The watch page in a real browser: when its first picture is there, and what it looks like."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = Path("services/gateway/console/node_modules/axe-core/axe.min.js")
SERIOUS = {"serious", "critical"}

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

TEXTS = """
() => {
  const found = [];
  const isShown = element => element.checkVisibility(
    {checkOpacity: true, checkVisibilityCSS: true}) && !element.closest('[hidden], .scrub-preview');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !isShown(element) || element.closest('script, noscript')) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    let box = range.getBoundingClientRect();
    let clip = null;
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const own = at.getBoundingClientRect();
      if (style.overflow === 'visible' || (box.left >= own.left - 1 && box.right <= own.right + 1
          && box.top >= own.top - 1 && box.bottom <= own.bottom + 1)) continue;
      // A title may end in an ellipsis, a long text may be folded: both say so. What can be
      // scrolled to is not cut off either.
      const says = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none'
        || style.overflowY === 'auto';
      if (!says) clip = at.className || at.id;
      box = {left: Math.max(box.left, own.left), right: Math.min(box.right, own.right),
        top: Math.max(box.top, own.top), bottom: Math.min(box.bottom, own.bottom)};
    }
    if (box.right - box.left < 2 || box.bottom - box.top < 2) continue;
    found.push({text, box: [box.left, box.top, box.right, box.bottom], clip,
      layer: element.closest('.player-menu, .player-sheet, dialog, .player-panel, .player')
        ?.className ?? ''});
  }
  return found;
}
"""
"""JavaScript: every text that is seen, its box, and what cuts it off (null: nothing does)."""

NAMES = """
() => [...document.querySelectorAll('[aria-label], [title]')]
  .flatMap(each => [each.getAttribute('aria-label'), each.getAttribute('title')])
  .filter(name => name)
"""
"""JavaScript: the names that screen readers and tooltips give."""


async def watch(page: Page, url: str) -> float:
    """Open the page; after how many seconds its first frame was shown."""
    await page.add_init_script(FIRST_FRAME.strip().removeprefix("() => ").join(("(() => ", ")()")))
    await page.goto(url, wait_until="commit")
    shown = await page.wait_for_function("() => window.first_frame_ms")
    return float(await shown.json_value()) / 1000


async def serious_findings(page: Page) -> list[str]:
    """What axe-core finds to be serious, with where it is."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes']]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


async def layout_faults(page: Page, width: int) -> list[str]:
    """Texts that are cut off, lie on each other or beyond the window."""
    texts: list[dict[str, Any]] = await page.evaluate(TEXTS)
    assert texts, "the page says nothing"
    faults = [f"{each['text']!r} is cut off by {each['clip']}" for each in texts if each["clip"]]
    for number, one in enumerate(texts):
        left, top, right, bottom = one["box"]
        if left < -1 or right > width + 1:
            faults.append(f"{one['text']!r} reaches beyond the window")
        for other in texts[number + 1 :]:
            x = min(right, other["box"][2]) - max(left, other["box"][0])
            y = min(bottom, other["box"][3]) - max(top, other["box"][1])
            # A menu lies over what is below it.
            if one["layer"] == other["layer"] and x > 1 and y > 1 and _is_much(x, y, one, other):
                faults.append(f"{one['text']!r} lies on {other['text']!r}")
    if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append("the page is wider than the window")
    return faults


def _is_much(x: float, y: float, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Lines of one paragraph share a pixel or two of their line boxes."""
    lowest = min(each["box"][3] - each["box"][1] for each in (one, other))
    narrowest = min(each["box"][2] - each["box"][0] for each in (one, other))
    return bool(x * y > 0.1 * lowest * narrowest)
