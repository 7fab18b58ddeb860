"""The sizes in which a detector looks at pictures, and what it says of them."""

from typing import Any

import numpy as np

Grey = np.ndarray[Any, np.dtype[np.float32]]
"""Luma of 0 to 255, with fractions: a picture (height, width), or several of them."""

WIDTH, HEIGHT = 160, 90
"""A patch of the pattern is ten by ten of these."""
DEPTH = 257
"""Of 16 bits, what a step of 8 is."""
SMALL_WIDTH, SMALL_HEIGHT = 32, 18
"""In which moments are recognised."""


def standard(pictures: Grey) -> Grey:
    """Each picture as a row of mean 0 and length 1: the product of two is their correlation."""
    rows = pictures.reshape(len(pictures), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Grey = (rows / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit
