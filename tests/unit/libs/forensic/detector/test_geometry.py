"""Pictures are cropped by whole pixels of a large one, so that the truth is known."""

from typing import Any

import numpy as np
import pytest

from libs.forensic.detector.geometry import WHOLE, register
from libs.forensic.detector.grey import HEIGHT, WIDTH, Grey
from tests.unit.libs.forensic.detector.scenes import draw_scene

LARGE = 4
Numbers = np.ndarray[Any, np.dtype[np.float64]]


def shrink(picture: Grey) -> Grey:
    """By areas, to what a detector looks at; of a size that is a multiple of that, or is not."""
    rows = np.linspace(0, picture.shape[0], HEIGHT + 1)
    columns = np.linspace(0, picture.shape[1], WIDTH + 1)
    sums = np.pad(picture.cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def at(table: Numbers, axis: int, edges: Numbers) -> Numbers:
        low = np.minimum(edges.astype(int), table.shape[axis] - 2)
        part = (edges - low).reshape((-1, 1) if axis == 0 else (1, -1))
        found: Numbers = np.take(table, low, axis) * (1 - part)
        found += np.take(table, low + 1, axis) * part
        return found

    corners = at(at(sums.astype(np.float64), 0, rows), 1, columns)
    areas = np.diff(np.diff(corners, axis=0), axis=1)
    size = (rows[1] - rows[0]) * (columns[1] - columns[0])
    small: Grey = (areas / size).astype(np.float32)
    return small


@pytest.mark.parametrize(
    ("left", "top", "width", "height"),
    [(0, 0, 640, 360), (32, 18, 576, 324), (0, 45, 640, 270), (71, 8, 500, 340)],
)
def test_crop_is_found_to_a_small_part_of_a_patch(
    left: int, top: int, width: int, height: int
) -> None:
    scenes = [draw_scene(seed, HEIGHT * LARGE, WIDTH * LARGE) for seed in range(6)]
    ours = np.stack([shrink(each) for each in scenes])
    cropped = [each[top : top + height, left : left + width] for each in scenes]
    # Brighter and with less contrast than ours, too.
    leaked = np.stack([shrink(each) * 0.9 + 20 for each in cropped])
    found = register(ours, leaked)
    truth = (left / 640, width / 640, top / 360, height / 360)
    assert np.abs(np.subtract(found, truth)).max() < 0.002


def test_whole_pictures_lie_on_each_other() -> None:
    ours = np.stack([draw_scene(seed, HEIGHT, WIDTH) for seed in range(3)])
    assert np.abs(np.subtract(register(ours, ours), WHOLE)).max() < 1e-3
    assert np.abs(WHOLE.warp(ours, HEIGHT, WIDTH) - ours).max() < 1e-2
