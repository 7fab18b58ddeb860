"""What a class looks like is said in one place: of two rules of a name, one silently wins."""

import re
from collections import defaultdict

from tests.messages import CONSOLE

ENTRIES = {
    "console": ["console/**/*.css"],
    "watch": ["player/player.css", "watch/*.css", "chat/*.css"],
}
"""The style sheets that one page loads together."""
_BETWEEN = re.compile(r",(?![^(]*\))")
"""Selectors, not what `:is()` lists."""


def _twice(sheets: dict[str, str]) -> list[str]:
    """The selectors of classes that stand, outside of media queries, in more than one sheet."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, text in sheets.items():
        for selectors in _selectors(text):
            for selector in map(str.strip, _BETWEEN.split(selectors)):
                if selector.startswith("."):
                    found[" ".join(selector.split())].add(name)
    return [f"{each}: {', '.join(sorted(in_))}" for each, in_ in found.items() if len(in_) > 1]


def _selectors(text: str) -> list[str]:
    plain = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    depth, begin, found = 0, 0, []
    for at, letter in enumerate(plain):
        if letter == "{":
            if depth == 0:
                found.append(plain[begin:at])
            depth += 1
        elif letter == "}":
            depth -= 1
            begin = at + 1
    return [each for each in found if not each.strip().startswith("@")]


def test_no_class_is_styled_in_two_sheets() -> None:
    for sheets in ENTRIES.values():
        files = [file for sheet in sheets for file in (CONSOLE / "src").glob(sheet)]
        assert files
        assert _twice({file.name: file.read_text() for file in files}) == []


def test_class_of_two_sheets_is_found() -> None:
    one = "/* .b {} */ .a { color: red } @media print { .b { color: red } } .c:hover { margin: 0 }"
    two = ".b { top: 0 }\n.x,\n.a { top: 0 } .c { top: 0 }"
    assert _twice({"one": one, "two": two}) == [".a: one, two"]
    assert _twice({"one": one, "two": ".x :is(.y, .a) { top: 0 }"}) == []
