"""Void rules: each of them, and none of them."""

import pytest

from bench.processes import Window
from bench.reading import Reading, percentile

QUIET = Window(seconds=20, cpu_s={"a": 1.0}, loader_share=0.5, steal_share=0.0, others_share=0.0)


def test_quiet_run_counts() -> None:
    assert Reading(1.0, QUIET).void == ""


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading(1.0, QUIET._replace(steal_share=0.021)), "steal"),
        (Reading(1.0, QUIET._replace(loader_share=0.81)), "loader"),
        (Reading(1.0, QUIET, delivered=0.998), "delivered"),
        (Reading(1.0, QUIET, fault="a frame is missing"), "a frame is missing"),
    ],
)
def test_run_is_void(reading: Reading, reason: str) -> None:
    assert reason in reading.void


def test_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 0.5) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0], 0.99) == 2.0
