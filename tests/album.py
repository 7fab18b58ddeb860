"""Pictures of pages in `docs/images`, and the page of the documentation that shows them."""

import io
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

from tests.oracles.layout import settle

QUALITY = 74
MAX_BYTES = 2_000_000
"""Of all pictures together: everybody who clones Weir gets them."""
HEAD = """# Screenshots

`make screenshots` makes these of a Weir of its own. It is run again when a page changes.
"""


class Album:
    """What is taken, under its chapter, in the order in which it is taken."""

    def __init__(self, docs: Path) -> None:
        self._docs = docs
        self._images = docs / "images"
        self._images.mkdir(exist_ok=True)
        self._chapters: dict[str, list[tuple[str, str]]] = {}

    async def take(self, page: Page, name: str, chapter: str, caption: str) -> None:
        await settle(page)
        taken = Image.open(io.BytesIO(await page.screenshot()))
        taken.convert("RGB").save(self._images / f"{name}.webp", quality=QUALITY, method=6)
        self._chapters.setdefault(chapter, []).append((name, caption))

    def write(self) -> None:
        """The page; pictures that nobody takes any more go."""
        names = {name for taken in self._chapters.values() for name, _ in taken}
        for image in self._images.iterdir():
            if image.stem not in names:
                image.unlink()
        parts = [HEAD]
        for chapter, taken in self._chapters.items():
            parts.append(f"## {chapter}\n")
            parts += [f"{text}\n\n![{text}](images/{name}.webp)\n" for name, text in taken]
        (self._docs / "screenshots.md").write_text("\n".join(parts))
        size = sum(image.stat().st_size for image in self._images.iterdir())
        assert size <= MAX_BYTES, f"the pictures take {size} bytes: more than {MAX_BYTES}"
