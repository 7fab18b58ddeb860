"""How a straight line is drawn through delays."""

from random import Random

import pytest

from services.ingest.drift import LEAST_POINTS, fit_drift


def test_few_points_are_no_line() -> None:
    assert fit_drift([(at * 1000.0, 0.0) for at in range(LEAST_POINTS - 1)]) is None
    assert fit_drift([(5.0, 0.0)] * LEAST_POINTS) is None


@pytest.mark.parametrize("rate", [0.0, 0.002, -0.002])
def test_line_is_found_in_noise(rate: float) -> None:
    random = Random(7)
    points = [(at * 1000.0, -rate * at * 1000 + random.uniform(0, 30)) for at in range(120)]
    drift = fit_drift(points)
    assert drift is not None
    assert drift.rate == pytest.approx(rate, abs=2e-4)
    assert drift.span_s == 119
    assert 5 < drift.error_ms < 15
