import sys
from pathlib import Path

from docs.generator.pages import PAGES, REFERENCE

target = Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE
target.mkdir(parents=True, exist_ok=True)
for name, write in PAGES.items():
    (target / name).write_text(write(), encoding="utf-8")
