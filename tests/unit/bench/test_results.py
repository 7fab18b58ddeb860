"""The results file and the page that is made from it."""

import json
from pathlib import Path

from bench import results
from bench.verdict import Line, Ratio

LINE = Line(1, "fan-out", "10 viewers", "µs", 10.0, "peer", 40.0, Ratio(0.25, 0.2, 0.3), "≤ 0.3x",
            "holds")  # fmt: skip


def test_rows_are_replaced_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results.keep({2: [LINE], 1: [LINE]}, path)
    known = results.keep({1: [LINE, LINE]}, path)
    assert [len(entry["lines"]) for entry in known["rows"].values()] == [2, 1]
    assert json.loads(path.read_text()) == known


def test_page_keeps_its_text_around_the_table(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{results.BEGIN}\nstale words\n{results.END}\nafter\n")
    results.write_page(results.keep({1: [LINE]}, tmp_path / "results.json"), page)
    text = page.read_text()
    assert "0.25 (0.20–0.30)" in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "stale words" not in text


def test_small_ratio_is_told_from_none() -> None:
    small = LINE._replace(ratio=Ratio(0.000374, 0.0002, 0.012))
    assert "0.00037x (0.0002–0.01)" in results.described(small)


def test_page_of_the_checkout_is_current() -> None:
    known = json.loads(results.RESULTS.read_text())
    assert results.table(known) in results.PAGE.read_text(), "run `make bench` for this row again"


def test_results_name_no_machine_and_no_user() -> None:
    said = json.dumps([results.machine(), results.versions()])
    assert str(Path.home()) not in said
    assert set(results.machine()) == {"cpu", "cores", "kernel_major"}
