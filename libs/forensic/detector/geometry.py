"""How a leak's picture lies on ours: cropped, stretched or shifted, by axes.

A point of the leak at (x, y), both from 0 to 1, is the point (left + x width, top + y height) of
our picture.
"""

from typing import Any, NamedTuple

import numpy as np

from libs.forensic.detector.grey import Grey, standard

CROPS = tuple(np.arange(0.66, 1.005, 0.04))
"""How much of our width or height a leak is tried to show, before it is refined."""
ASPECT = 0.13
"""So different are both at most."""
COARSE_WIDTH, COARSE_HEIGHT = 48, 27
COARSE_PAIRS = 6
ROUNDS = 12
SETTLED = 1e-5

Matrix = np.ndarray[Any, np.dtype[np.float32]]


class Geometry(NamedTuple):
    left: float
    width: float
    top: float
    height: float

    def warp(self, pictures: Grey, height: int, width: int) -> Grey:
        """What the leak would show of `pictures` (n, h, w), in `height` lines of `width`."""
        down = _resampling(pictures.shape[1], height, self.top, self.height)
        across = _resampling(pictures.shape[2], width, self.left, self.width)
        warped: Grey = (down @ pictures @ across.T).astype(np.float32, copy=False)
        return warped


WHOLE = Geometry(0.0, 1.0, 0.0, 1.0)


def _resampling(size: int, out: int, begin: float, share: float) -> Matrix:
    """Linear: row n has the weights of the source's samples for sample n of the result."""
    at = (begin + (np.arange(out) + 0.5) / out * share) * size - 0.5
    at = np.clip(at, 0, size - 1)
    low = np.minimum(at.astype(int), size - 2)
    part = (at - low).astype(np.float32)
    matrix = np.zeros((out, size), np.float32)
    rows = np.arange(out)
    matrix[rows, low] = 1 - part
    matrix[rows, low + 1] = part
    return matrix


def register(ours: Grey, leaked: Grey) -> Geometry:
    """From pairs of pictures (n, h, w) that show the same moments."""
    return refine(_coarse(ours, leaked), ours, leaked)


def _coarse(ours: Grey, leaked: Grey) -> Geometry:
    """The best of a grid of crops, in very small pictures, and not all of them."""
    some = slice(None, None, max(1, len(ours) // COARSE_PAIRS))
    small_ours = WHOLE.warp(blur(ours[some]), COARSE_HEIGHT, COARSE_WIDTH)
    small_leaked = standard(WHOLE.warp(blur(leaked[some]), COARSE_HEIGHT, COARSE_WIDTH))
    best, found = -np.inf, WHOLE
    for width in CROPS:
        for height in CROPS:
            if abs(width - height) > ASPECT:
                continue
            for left in _steps(1 - width, COARSE_WIDTH):
                for top in _steps(1 - height, COARSE_HEIGHT):
                    tried = Geometry(left, float(width), top, float(height))
                    shown = standard(tried.warp(small_ours, COARSE_HEIGHT, COARSE_WIDTH))
                    like = float((shown * small_leaked).sum())
                    if like > best:
                        best, found = like, tried
    return found


def _steps(room: float, size: int) -> list[float]:
    """Places for what leaves so much room: two samples apart."""
    return [float(each) for each in np.linspace(0, room, 1 + max(0, round(room * size / 2)))]


def blur(pictures: Grey) -> Grey:
    """Before they are made smaller by linear interpolation: a mean of 3 by 3."""
    lines = np.pad(pictures, ((0, 0), (1, 1), (0, 0)), mode="edge")
    pictures = lines[:, :-2] + lines[:, 1:-1] + lines[:, 2:]
    columns = np.pad(pictures, ((0, 0), (0, 0), (1, 1)), mode="edge")
    sums = columns[:, :, :-2] + columns[:, :, 1:-1] + columns[:, :, 2:]
    mean: Grey = sums * np.float32(1 / 9)
    return mean


def refine(geometry: Geometry, ours: Grey, leaked: Grey) -> Geometry:
    """By least squares (Lucas and Kanade), until it no longer moves."""
    _, lines, columns = leaked.shape
    target = blur(leaked)
    source = blur(ours)
    at_x = ((np.arange(columns) + 0.5) / columns).astype(np.float32)
    at_y = ((np.arange(lines) + 0.5) / lines).astype(np.float32)
    for _ in range(ROUNDS):
        shown = geometry.warp(source, lines, columns)
        # Slopes by our own width and height, which the four parameters are measured in.
        slope_y, slope_x = np.gradient(shown, axis=(1, 2))
        slope_x *= columns / geometry.width
        slope_y *= lines / geometry.height
        directions = [slope_x, slope_x * at_x, slope_y, slope_y * at_y[:, None]]
        rest = _without_light(target, shown)
        flat = np.stack([each.ravel() for each in directions], axis=1)
        step = np.linalg.lstsq(flat.T @ flat, flat.T @ rest.ravel(), rcond=None)[0]
        moved = np.clip(step, -0.05, 0.05)
        left, width, top, height = (float(a + b) for a, b in zip(geometry, moved, strict=True))
        geometry = Geometry(left, max(0.3, width), top, max(0.3, height))
        if float(np.abs(moved).max()) < SETTLED:
            break
    return geometry


def _without_light(target: Grey, shown: Grey) -> Grey:
    """What is left of each picture of `target` once it is told by `shown`, brighter or darker."""
    shown_rest = shown - shown.mean(axis=(1, 2), keepdims=True)
    target_rest = target - target.mean(axis=(1, 2), keepdims=True)
    power = (shown_rest**2).sum(axis=(1, 2), keepdims=True)
    gain = (shown_rest * target_rest).sum(axis=(1, 2), keepdims=True) / np.maximum(power, 1e-6)
    rest: Grey = target_rest - gain * shown_rest
    return rest
