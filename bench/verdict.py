"""What a row says in the end: ratios with their interval, held against a goal."""

import statistics
from collections.abc import Sequence
from typing import Literal, NamedTuple

Word = Literal["holds", "fails", "undecided", "not measurable here", "shown"]
NOT_MEASURABLE: Word = "not measurable here"


class Ratio(NamedTuple):
    """Median of the pairwise ratios, and their smallest and largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float]) -> "Ratio":
        pairs = [a / b for a, b in zip(ours, theirs, strict=True) if b]
        return cls(statistics.median(pairs), min(pairs), max(pairs))


class Goal(NamedTuple):
    """A bound; `at_least` for what should be large."""

    bound: float
    at_least: bool = False
    unit: str = "x"

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{self.unit}"

    def judge(self, ratio: Ratio) -> Word:
        """It fails only when the whole interval is past the goal."""
        if self._is_met(ratio.median):
            return "holds"
        return "undecided" if self._is_met(ratio.low) or self._is_met(ratio.high) else "fails"

    def _is_met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


class Line(NamedTuple):
    """One line of the board: ours beside one other thing."""

    row: int
    metric: str
    work: str
    unit: str
    ours: float | None
    beside: str
    theirs: float | None
    ratio: Ratio | None
    goal: str
    verdict: Word
    note: str = ""


def absolute(
    row: int, metric: str, work: str, unit: str, values: Sequence[float], goal: Goal | None
) -> Line:
    """A line whose goal is a number, not a peer."""
    if not values:
        said = str(goal) if goal else ""
        return Line(row, metric, work, unit, None, "", None, None, said, "not measurable here")
    spread = Ratio(statistics.median(values), min(values), max(values))
    verdict: Word = goal.judge(spread) if goal else "shown"
    note = f"{spread.low:.3g}–{spread.high:.3g}" if len(values) > 1 else ""
    said = str(goal) if goal else ""
    return Line(row, metric, work, unit, spread.median, "", None, None, said, verdict, note)
