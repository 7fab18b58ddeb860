"""What a page looks like: whether its texts fit, are translated, and can be read by all."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from playwright.async_api import Page, ViewportSize

from tests.messages import CONSOLE, sentences

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 360, "height": 780},
    "desk": {"width": 1280, "height": 800},
    "wall": {"width": 3840, "height": 2160},
}
AXE_SIZES = {"phone", "desk"}
"""A wall shows what a desk does."""

_LAYOUT = Path(__file__).with_suffix(".js")
_AXE = CONSOLE / "node_modules/axe-core/axe.min.js"
_SERIOUS = {"serious", "critical"}
_SAID = """
() => {
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (element.checkVisibility() && !element.closest('script, style, code, [lang=en]'))
      said.push(walker.currentNode.textContent.trim());
  }
  for (const each of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
      if (each.hasAttribute(name)) said.push(each.getAttribute(name));
  return said;
}
"""
"""JavaScript: the texts that are seen, and the names that screen readers and tooltips give."""
_SETTLED = """
async () => {
  const drawn = () => new Promise((next) => requestAnimationFrame(next));
  for (const player of document.querySelectorAll('.player')) {
    const stay = () => player.classList.contains('idle') && player.classList.remove('idle');
    stay();
    new MutationObserver(stay).observe(player, {attributeFilter: ['class']});
  }
  await drawn();
  await drawn();
  await Promise.allSettled(document.getAnimations()
    .filter(each => each instanceof CSSTransition).map(each => each.finished));
}
"""
"""JavaScript: until menus are where they belong, and what fades or slides has done so; players'
controls stay."""


async def faults_at_every_size(
    page: Page, tag: str, sizes: Mapping[str, ViewportSize] = SIZES
) -> list[str]:
    """What is wrong with what is shown; each is said once.

    The theme moves nothing: what is dark is only looked at for its contrast, in the last size.
    """
    found: dict[str, str] = {}
    await page.emulate_media(color_scheme="light")
    for size, window in sizes.items():
        await page.set_viewport_size(window)
        await settle(page)
        faults = await layout_faults(page)
        if size in AXE_SIZES:
            faults += await serious_findings(page)
        for fault in faults:
            found.setdefault(fault, f"{fault} ({size})")
    await page.emulate_media(color_scheme="dark")
    await settle(page)
    for fault in await serious_findings(page, ["color-contrast"]):
        found.setdefault(fault, f"{fault} (dark)")
    return [*found.values(), *await foreign_texts(page, tag)]


async def settle(page: Page) -> None:
    await page.evaluate(_SETTLED)


async def layout_faults(page: Page) -> list[str]:
    """Texts that are cut off, lie on each other or beyond the window; what is scrolled sideways."""
    found: list[str] = await page.evaluate(_LAYOUT.read_text())
    return found


async def foreign_texts(page: Page, tag: str) -> list[str]:
    """English sentences that this language has words of its own for."""
    return sorted(set(await page.evaluate(_SAID)) & _english_unless(tag))


async def serious_findings(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe-core finds to be serious, with where it is; `rules`: of these alone."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text())
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes']]}"
        for each in found["violations"]
        if each["impact"] in _SERIOUS
    ]


@cache
def _english_unless(tag: str) -> frozenset[str]:
    own = {each.key: each.text for each in sentences(tag)}
    return frozenset(
        each.text for each in sentences("en") if each.is_plain and own[each.key] != each.text
    )
