"""`results.json`, and the table in docs/performance.md that is made from it."""

import datetime as dt
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import cache, inputs
from bench.verdict import Line
from libs.ffmpeg import find_ffmpeg

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- the board: `make bench` writes it -->", "<!-- the board's end -->"
_HEAD = (
    "| row | metric | work | ours | beside | theirs | ratio (min–max) | goal | verdict | date |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)
SMALL = 0.01
"""Ratios below it are told by their first digits."""


def keep(rows: Mapping[int, Sequence[Line]], path: Path = RESULTS) -> dict[str, Any]:
    """Put the rows' lines in the place of their older ones."""
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"rows": {}}
    today = dt.datetime.now(dt.UTC).date().isoformat()
    for row, lines in rows.items():
        known["rows"][str(row)] = {"date": today, "lines": [line_facts(line) for line in lines]}
    known["rows"] = dict(sorted(known["rows"].items(), key=lambda item: int(item[0])))
    known |= {"machine": machine(), "versions": versions()}
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    return known


def described(line: Line) -> str:
    """One line for whoever watches."""
    ratio = "{}x ({}–{})".format(*map(_times, line.ratio)) if line.ratio else ""
    beside = f"{line.beside} {_amount(line.theirs, '')}" if line.beside else ""
    said = [line.metric, line.work, _amount(line.ours, line.unit), line.note, beside, ratio]
    return " · ".join(part for part in [*said, line.goal, line.verdict] if part)


def line_facts(line: Line) -> dict[str, Any]:
    facts = {name: value for name, value in line._asdict().items() if name != "row"}
    return facts | {"ratio": list(line.ratio) if line.ratio else None}


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that names this machine or its user."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "kernel_major": int(platform.release().split(".")[0]),
    }


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name, argv, pattern in (
        ("ffmpeg", [find_ffmpeg(), "-version"], r"version (\d[\d.]*)"),
        ("nginx", [shutil.which("nginx") or "", "-v"], r"nginx/([\d.]+)"),
        ("node", [shutil.which("node") or "", "--version"], r"v([\d.]+)"),
    ):
        if argv[0]:
            said = subprocess.run(argv, capture_output=True, text=True, check=False)
            version = re.search(pattern, said.stdout + said.stderr)
            found[name] = version.group(1) if version else "?"
    for name in ("a", "b"):
        path = cache.folder() / f"{name}.flv"
        if path.exists():
            found[f"input {name.upper()}"] = "as stored" if inputs.is_stored(path) else "made here"
    return found | {"node-media-server": " and ".join(cache.NMS_VERSIONS)}


def table(known: dict[str, Any]) -> str:
    """The board as Markdown."""
    lines = [
        _table_line(row, entry["date"], facts)
        for row, entry in known["rows"].items()
        for facts in entry["lines"]
    ]
    where = known["machine"]
    said = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    return (
        _HEAD + "".join(lines) + f"\nMeasured on {where['cores']} cores of {where['cpu']}, "
        f"Linux {where['kernel_major']}; {said}.\n"
    )


def write_page(known: dict[str, Any], page: Path = PAGE) -> None:
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{table(known)}\n{END}{after}")


def _table_line(row: str, date: str, facts: dict[str, Any]) -> str:
    ratio = facts["ratio"]
    said = "{} ({}–{})".format(*map(_times, ratio)) if ratio else ""
    verdict = f"**{facts['verdict']}**" if facts["verdict"] == "fails" else facts["verdict"]
    note = f" ({facts['note']})" if facts["note"] else ""
    cells = [
        row, facts["metric"], facts["work"], _amount(facts["ours"], facts["unit"]) + note,
        facts["beside"], _amount(facts["theirs"], ""), said, facts["goal"], verdict, date,
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |\n"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if abs(ratio) >= SMALL else f"{ratio:.2g}"


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".strip()
