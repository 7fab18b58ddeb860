"""Verdicts: a row fails only when the whole interval is past its goal."""

import pytest

from bench.verdict import Goal, Ratio, absolute


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (Ratio(0.9, 0.8, 1.2), "holds"),
        (Ratio(1.1, 0.9, 1.2), "undecided"),
        (Ratio(1.1, 1.05, 1.2), "fails"),
    ],
)
def test_goal_at_most(ratio: Ratio, verdict: str) -> None:
    assert Goal(1.0).judge(ratio) == verdict


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (Ratio(5.5, 4.0, 6.0), "holds"),
        (Ratio(4.5, 4.0, 5.2), "undecided"),
        (Ratio(4.5, 4.0, 4.9), "fails"),
    ],
)
def test_goal_at_least(ratio: Ratio, verdict: str) -> None:
    assert Goal(5, at_least=True).judge(ratio) == verdict


def test_ratio_is_the_median_of_the_pairs() -> None:
    assert Ratio.of([1, 2, 9], [2, 2, 3]) == Ratio(1.0, 0.5, 3.0)


def test_line_without_values_is_not_measurable() -> None:
    assert absolute(1, "merge", "A", "ms", [], Goal(1)).verdict == "not measurable here"
