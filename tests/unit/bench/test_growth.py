"""Growth: linear is one, a fixed cost is less, quadratic is found."""

import pytest

from bench.growth import exponent, growth_line


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_exponent_of_a_power_is_the_power(power: float) -> None:
    assert exponent({size: 7 * size**power for size in (10, 100, 1000)}) == pytest.approx(power)


def test_worse_than_linear_fails() -> None:
    [line] = growth_line(4, "ingest", "publishers", {10: 1.0, 100: 13.0})
    assert line.verdict == "fails"
    assert growth_line(4, "ingest", "publishers", {10: 1.0}) == []
