"""What the console says in each language, read from its sources."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.required import lacking

CONSOLE = Path("services/gateway/console")
LANGUAGES = ("en", "zh")
_SCRIPT = Path(__file__).with_suffix(".mjs")


class Sentence(NamedTuple):
    key: str
    """With the keys of the objects around it: `doctor.ways.flv`."""
    text: str
    """The parts between the variable ones, if there are any, stand with … between them."""
    is_plain: bool
    """No part of it is variable."""
    file: str


def sentences(tag: str) -> list[Sentence]:
    """All that console, player and watch page say in a language."""
    return sentences_of(CONSOLE / "src/i18n" / f"{tag}.ts", tag)


def sentences_of(file: Path, constant: str) -> list[Sentence]:
    """A key that more than one of the objects spread into the constant have comes several times."""
    said = subprocess.run(
        [node(), _SCRIPT, file.resolve(), constant],
        cwd=CONSOLE, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [
        Sentence(each["key"], each["text"], each["isPlain"], each["file"])
        for each in json.loads(said)
    ]


def node() -> str:
    """PATH's, or that of the environment these tests run in."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = shutil.which("node", path=path)
    if found is None:
        lacking("Node", "`make console` brings it.")
    return found


def repeated(said: list[Sentence]) -> list[str]:
    """The keys that are there more than once, of which one silently wins."""
    files: dict[str, list[str]] = {}
    for each in said:
        files.setdefault(each.key, []).append(Path(each.file).name)
    return [f"{key}: {', '.join(found)}" for key, found in files.items() if len(found) > 1]


def untranslated(said: list[Sentence]) -> set[str]:
    """The keys that say what they say in English."""
    english = {each.key: each.text for each in sentences("en")}
    return {each.key for each in said if any(map(str.isalpha, each.text))
            and english.get(each.key) == each.text}  # fmt: skip
