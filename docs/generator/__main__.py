"""`python -m docs.generator [folder | --check]`: write the pages, or say which are not current."""

import sys
from pathlib import Path

from docs.generator.pages import PAGES, REFERENCE


def check() -> None:
    stale = [
        name
        for name, write in PAGES.items()
        if not (REFERENCE / name).exists() or (REFERENCE / name).read_text() != write()
    ]
    if stale:
        sys.exit(f"docs/reference: {', '.join(stale)} is not current; run `make docs`.")


def write_all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        (folder / name).write_text(write(), encoding="utf-8")


if sys.argv[1:] == ["--check"]:
    check()
else:
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE)
