"""The README in other languages: what is not translated is as in the English one."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TRANSLATIONS = sorted(ROOT.glob("README.*.md"))
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SWITCH = re.compile(r"^.*README\..*$", re.MULTILINE)
"""The line that leads from one language to the others."""
_OWN_PICTURE = re.compile(r"(docs/images/[\w-]+)-zh\.webp")
"""The same page in the README's language."""


def untranslated(page: Path) -> Counter[str]:
    """Its commands, code, link targets and headings' levels, with how often each is there."""
    text = _SWITCH.sub("", page.read_text())
    blocks = _BLOCK.findall(text)
    prose = _BLOCK.sub("", text)
    code = re.findall(r"`[^`]+`", prose)
    links = re.findall(r"\]\(([^)\s]+)\)|<(http[^>]+)>", _OWN_PICTURE.sub(r"\1.webp", prose))
    headings = re.findall(r"^#+", prose, re.MULTILINE)
    return Counter([*blocks, *code, *map("".join, links), *headings])


def test_there_are_translations() -> None:
    assert [page.name for page in TRANSLATIONS] == ["README.ko.md", "README.zh.md"]


@pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda page: page.name)
def test_translation_has_the_same_commands_and_links(page: Path) -> None:
    english, other = untranslated(ROOT / "README.md"), untranslated(page)
    assert (english - other, other - english) == (Counter(), Counter())
