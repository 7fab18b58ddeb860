"""A segment's pictures with a pattern added and taken; the leak is one of the two, spoilt."""

import numpy as np
import pytest

from libs.forensic import COLUMNS, LINES, draw_pattern
from libs.forensic.detector.geometry import WHOLE, Geometry
from libs.forensic.detector.grey import HEIGHT, WIDTH, Grey
from libs.forensic.detector.reading import leans, measure
from tests.unit.libs.forensic.detector.scenes import draw_scene

PICTURES = 25
TIMES_S = np.arange(PICTURES) / 25
LEAKED_S = np.arange(2 * PICTURES) / 50


def variants(msn: int) -> tuple[Grey, Grey]:
    wide = draw_scene(msn, HEIGHT, WIDTH + 10)
    shown = np.stack([wide[:, at // 3 : at // 3 + WIDTH] for at in range(PICTURES)])
    values = np.frombuffer(draw_pattern(bytes(32), msn), np.uint8)
    patches = (values.reshape(LINES, COLUMNS).astype(np.float32) - 128) / 3
    pattern = np.kron(patches, np.ones((HEIGHT // LINES, WIDTH // COLUMNS), np.float32))
    return shown + pattern, shown - pattern


def leaked(pictures: Grey, rng: np.random.Generator) -> Grey:
    """Twice as many a second, with less contrast, noise, and a stain that stays where it is."""
    stain = rng.normal(0, 1.0, (1, HEIGHT, WIDTH)).astype(np.float32)
    noise = rng.normal(0, 3, (2 * len(pictures), HEIGHT, WIDTH)).astype(np.float32)
    return np.repeat(pictures, 2, axis=0) * 0.92 + 9 + stain + noise


@pytest.mark.parametrize("msn", range(6))
def test_variant_is_read(msn: int) -> None:
    rng = np.random.default_rng(msn)
    both = variants(msn)
    for sign, shown in zip((1, -1), both, strict=True):
        found = measure(TIMES_S, *both, leaked(shown, rng), LEAKED_S, WHOLE)
        assert found is not None
        assert 0.3 < sign * found < 0.7


def test_wrong_geometry_of_half_a_pixel_does_no_harm() -> None:
    rng = np.random.default_rng(1)
    a, b = variants(1)
    shifted = Geometry(0.5 / WIDTH, 1.0, 0.3 / HEIGHT, 1.0)
    found = measure(TIMES_S, a, b, leaked(b, rng), LEAKED_S, shifted)
    assert found is not None
    assert found < -0.25


def test_moment_that_is_off_by_a_tenth_of_a_second_is_found() -> None:
    rng = np.random.default_rng(2)
    a, b = variants(2)
    found = measure(TIMES_S + 0.1, a, b, leaked(a, rng), LEAKED_S, WHOLE)
    assert found is not None
    assert found > 0.3


def test_leak_without_pictures_of_the_segment_says_nothing() -> None:
    a, b = variants(3)
    assert measure(TIMES_S + 60, a, b, a, LEAKED_S[:PICTURES], WHOLE) is None


def test_leans_know_their_noise() -> None:
    rng = np.random.default_rng(4)
    truth = rng.choice([-1, 1], 400)
    for noise, least, most in ((0.05, 0, 0), (0.3, 8, 35)):
        likely = np.array(leans(list(0.5 * truth + rng.normal(0, noise, 400))))
        wrong = int(((likely > 0.5) != (truth > 0)).sum())
        assert least <= wrong <= most
        # As many are wrong as it expects to be.
        expected = float(np.minimum(likely, 1 - likely).sum())
        assert abs(expected - wrong) < 5 + 0.5 * wrong


def test_leans_of_nothing_but_noise_say_little() -> None:
    likely = np.array(leans(list(np.random.default_rng(5).normal(0, 0.3, 400))))
    assert np.abs(likely - 0.5).mean() < 0.3
    assert leans([]) == []
