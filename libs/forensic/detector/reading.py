"""What a leak shows of one segment: variant A or B."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from libs.forensic.detector.geometry import Geometry
from libs.forensic.detector.grey import Grey
from libs.forensic.verdict import DOUBT

LEAST_PICTURES = 5
ROUNDS = 300
LEAST_NOISE = 0.1
"""Of half the distance: nothing is known better."""
TINY = 1e-9
UNSURE_S = 0.16
"""Around the moment that was found, in which the exact one lies."""
EVERY = 4
"""Of pictures, of which one is compared to find out the exact moment."""

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Indices = np.ndarray[Any, np.dtype[np.intp]]


def measure(
    times_s: Numbers, a: Grey, b: Grey, leaked: Grey, leaked_s: Numbers, geometry: Geometry
) -> float | None:
    """0.5 where the leak shows variant A, -0.5 where it shows B, and noise; None: no pictures.

    `times_s` are those at which the leak should show the pictures of `a` and `b`, `leaked_s` those
    of the leak's pictures, in steps of the same length. What differs by another light, another
    moment or another place, each a little, is taken out together with the mean of the two.
    """
    if len(leaked) < LEAST_PICTURES:
        return None
    lines, columns = leaked.shape[1:]
    middle = geometry.warp((a + b) * np.float32(0.5), lines, columns)
    apart = geometry.warp((a - b).mean(axis=0, keepdims=True), lines, columns)[0]
    shown, chosen = _chosen(times_s, middle, leaked, leaked_s)
    if len(shown) < LEAST_PICTURES:
        return None
    mean, seen = middle[shown].mean(axis=0), leaked[chosen].mean(axis=0)
    slope_y, slope_x = np.gradient(mean)
    at_x = np.linspace(-1, 1, columns, dtype=np.float32)
    at_y = np.linspace(-1, 1, lines, dtype=np.float32)[:, None]
    drift = middle[shown[-1]] - middle[shown[0]]
    light = [np.ones_like(mean), mean, mean**2 / 255]
    place = [slope_x, slope_x * at_x, slope_y, slope_y * at_y]
    # Where the pictures differ from each other most, they tell least.
    noise = (leaked[chosen] - middle[shown]).std(axis=0)
    weights = 1 / (noise + 1.0)
    causes = np.stack([(each * weights).ravel() for each in [*light, *place, drift, apart]], axis=1)
    told = np.linalg.lstsq(causes, ((seen - mean) * weights).ravel(), rcond=None)[0]
    return float(told[-1])


def _chosen(
    times_s: Numbers, middle: Grey, leaked: Grey, leaked_s: Numbers
) -> tuple[Indices, Indices]:
    """Pictures of ours and of the leak that show the same; the moment is found to a step."""
    step_s = float(leaked_s[1] - leaked_s[0])
    nearest = np.round((times_s - leaked_s[0]) / step_s).astype(int)
    reach = max(1, round(UNSURE_S / step_s))
    best, least = 0, math.inf
    for shift in range(-reach, reach + 1):
        inside = np.flatnonzero((nearest + shift >= 0) & (nearest + shift < len(leaked)))[::EVERY]
        if len(inside) < 2:  # noqa: PLR2004 - one picture proves no moment
            continue
        rest = leaked[nearest[inside] + shift] - middle[inside]
        rest = rest - rest.mean(axis=(1, 2), keepdims=True)
        off = float((rest**2).mean())
        if off < least:
            best, least = shift, off
    inside = np.flatnonzero((nearest + best >= 0) & (nearest + best < len(leaked)))
    return inside, nearest[inside] + best


def leans(measured: Sequence[float]) -> list[float]:
    """How likely each is variant A, as all of them together tell how far apart the two lie, and how
    much noise there is: two normal distributions, by expectation and maximisation.
    """
    seen = np.array(measured)
    if not len(seen):
        return []
    power = float((seen**2).mean())
    half, variance = math.sqrt(power / 2), power / 2
    for _ in range(ROUNDS):
        half = float((np.tanh(half * seen / variance) * seen).mean())
        variance = max(power - half**2, (LEAST_NOISE * half) ** 2, TINY)
    likely = 1 / (1 + np.exp(np.clip(-2 * half * seen / variance, -50, 50)))
    return [float(each) for each in np.clip(likely, DOUBT, 1 - DOUBT)]
