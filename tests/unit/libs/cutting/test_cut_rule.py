"""The numbers behind the cutter's decisions."""

import pytest

from libs.cutting.cut_rule import CutRule

S = 90_000


@pytest.mark.parametrize(
    ("segment_s", "target_s"), [(1, 2), (2, 3), (3, 5), (4, 7), (6, 10), (0.5, 1)]
)
def test_target_covers_every_segment_of_keyframes_within_the_wanted_duration(
    segment_s: float, target_s: int
) -> None:
    rule = CutRule(segment_s)
    assert rule.target_s == target_s
    assert rule.fits(rule.wanted + rule.early - 1)


@pytest.mark.parametrize(("duration", "fits"), [(3 * S, True), (3.49 * S, True), (3.5 * S, False)])
def test_segment_fits_when_its_rounded_duration_does(duration: float, fits: bool) -> None:
    assert CutRule(2, target_s=3).fits(int(duration)) is fits
