"""Two clocks beside each other: how fast one runs by the other, and how sure that is."""

from collections.abc import Sequence
from math import sqrt

from libs.vitals import Drift

LEAST_POINTS = 10


def fit_drift(points: Sequence[tuple[float, float]]) -> Drift | None:
    """The line of least squares through (our clock, delay) in ms, where the delay is our clock less
    the media's: a clock that is too fast lets it fall. None: there are too few points for a line.
    """
    if len(points) < LEAST_POINTS:
        return None
    count = len(points)
    mean_at = sum(at for at, _ in points) / count
    mean_delay = sum(delay for _, delay in points) / count
    spread = sum((at - mean_at) ** 2 for at, _ in points)
    if not spread:
        return None
    slope = sum((at - mean_at) * (delay - mean_delay) for at, delay in points) / spread
    errors = ((delay - mean_delay - slope * (at - mean_at)) ** 2 for at, delay in points)
    return Drift(
        rate=-slope,
        span_s=(points[-1][0] - points[0][0]) / 1000,
        error_ms=sqrt(sum(errors) / count),
    )
