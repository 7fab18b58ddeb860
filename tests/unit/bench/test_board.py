"""The order of runs, and what becomes of void ones."""

from bench.board import Board
from bench.reading import Reading
from bench.verdict import Goal


def test_runs_alternate_and_pairs_are_compared() -> None:
    order: list[str] = []

    def run(name: str, value: float) -> Reading:
        order.append(name)
        return Reading(value)

    subjects = {"weir": lambda: run("weir", 1.0), "peer": lambda: run("peer", 4.0)}
    found = Board().compare("work", subjects, pairs=3)
    assert order == ["weir", "peer", "peer", "weir", "weir", "peer"]
    line = found.line(1, "metric", "work", "µs", "peer", Goal(0.25))
    assert line.ratio == (0.25, 0.25, 0.25)
    assert line.verdict == "holds"


def test_void_run_is_taken_again() -> None:
    readings = iter([Reading(1.0, delivered=0.5), Reading(2.0)])
    found = Board().compare("work", {"weir": lambda: next(readings)}, pairs=1)
    assert found.values("weir") == [2.0]


def test_three_void_runs_are_not_measurable() -> None:
    tries: list[int] = []

    def lossy() -> Reading:
        tries.append(1)
        return Reading(1.0, delivered=0.5)

    found = Board().compare("work", {"weir": lambda: Reading(1.0), "peer": lossy}, pairs=4)
    assert len(tries) == 3
    line = found.line(1, "metric", "work", "µs", "peer", Goal(1.0))
    assert line.verdict == "not measurable here"
    assert "delivered 50.00%" in line.note


def test_quick_board_measures_less() -> None:
    board = Board(is_quick=True)
    assert (board.pairs_of(5), board.window_of(), board.sizes_of(1, 2, quick=2)) == (1, 5.0, (2,))
