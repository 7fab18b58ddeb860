"""How cost grows with size: the slope of log cost over log size."""

import math
import statistics
from collections.abc import Mapping

from bench.verdict import Goal, Line, absolute

GOAL = Goal(1.05, unit="")
"""Above it something is worse than linear."""


def exponent(costs: Mapping[int, float]) -> float:
    """By least squares over (size, cost)."""
    xs = [math.log(size) for size in costs]
    ys = [math.log(cost) for cost in costs.values()]
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    above = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - mean_x) ** 2 for x in xs)


def growth_line(row: int, metric: str, what: str, costs: Mapping[int, float]) -> list[Line]:
    """A line about the growth, if there are two sizes to tell it from."""
    if len(costs) < 2:
        return []
    return [absolute(row, metric, f"growth with {what}", "exponent", [exponent(costs)], GOAL)]
