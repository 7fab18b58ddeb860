"""Every relative link in a page leads to something."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def broken_links(page: Path, text: str) -> list[str]:
    """Targets that are neither a file beside the page nor a heading of their page."""
    return [target for target in _LINK.findall(text) if not _leads(page, target)]


def _leads(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True
    path, _, heading = target.partition("#")
    file = page if not path else page.parent / path
    return file.exists() and (not heading or heading in _headings(file))


def _headings(file: Path) -> set[str]:
    """As GitHub anchors them."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text()) == []


def test_tests_that_the_pages_name_exist() -> None:
    """A promise in `docs/faults.md` names the test that holds it."""
    named = {path for page in PAGES for path in re.findall(r"`(tests/[\w./-]+)`", page.read_text())}
    assert named
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_broken_links_are_found() -> None:
    text = "[a](nowhere.md) [b](#no-such-heading) [c](CONTRIBUTING.md#rules) [d](https://x)"
    assert broken_links(ROOT / "README.md", text) == ["nowhere.md", "#no-such-heading"]
