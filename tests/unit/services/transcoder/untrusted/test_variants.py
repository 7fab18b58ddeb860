"""What is laid over pictures, looked at in single luma values."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from av.video.frame import VideoFrame

from libs.forensic import COLUMNS, LINES, draw_pattern
from services.transcoder.untrusted.variants import Patterned

KEY = bytes(range(32))
WIDTH, HEIGHT = 640, 360


def picture(luma: int = 100) -> VideoFrame:
    planes = np.full((HEIGHT * 3 // 2, WIDTH), luma, np.uint8)
    planes[HEIGHT:] = 77
    frame = VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = 123_456, Fraction(1, 90_000)
    frame.colorspace, frame.color_primaries, frame.color_trc = 9, 9, 16
    frame.color_range = 1
    return frame


def lay(variant: str, frame: VideoFrame, msn: int = 7) -> np.ndarray[Any, Any]:
    over = Patterned("a" if variant == "a" else "b", width=WIDTH, height=HEIGHT)
    return over.lay(frame, draw_pattern(KEY, msn)).to_ndarray()


def test_variants_differ_by_the_pattern_of_the_segment() -> None:
    a, b = (lay(each, picture())[:HEIGHT].astype(int) for each in "ab")
    assert ((a + b) == 200).all()
    assert np.abs(a - b).max() == 2
    cells = (a - b).reshape(LINES, HEIGHT // LINES, COLUMNS, WIDTH // COLUMNS).mean((1, 3))
    wanted = np.frombuffer(draw_pattern(KEY, 7), np.uint8).astype(int) - 128
    # Smoothed as they are, patches between unlike ones keep little of themselves.
    assert np.corrcoef(cells.ravel(), wanted)[0, 1] > 0.75


def test_variants_alone_are_farther_apart_than_any_limit_asks() -> None:
    a, b = (lay(each, picture())[:HEIGHT].astype(int) for each in "ab")
    psnr_db = 10 * np.log10(255**2 / ((a - b) ** 2).mean())
    assert psnr_db > 45


def test_colours_and_times_stay_as_they_are() -> None:
    over = Patterned("a", width=WIDTH, height=HEIGHT)
    for pts in (0, 3600, 123_456):
        frame = picture()
        frame.pts = pts
        laid = over.lay(frame, draw_pattern(KEY, 7))
        assert (laid.to_ndarray()[HEIGHT:] == 77).all()
        assert (laid.pts, laid.time_base) == (frame.pts, frame.time_base)
        colours = (laid.colorspace, laid.color_primaries, laid.color_trc, laid.color_range)
        assert tuple(map(int, colours)) == (9, 9, 16, 1)


@pytest.mark.parametrize("luma", [0, 255])
def test_nothing_wraps_around_at_black_and_white(luma: int) -> None:
    for variant in "ab":
        assert np.abs(lay(variant, picture(luma))[:HEIGHT].astype(int) - luma).max() <= 1


def test_each_segment_has_another_pattern() -> None:
    over = Patterned("a", width=WIDTH, height=HEIGHT)
    first, again, other = (
        over.lay(picture(), draw_pattern(KEY, msn)).to_ndarray() for msn in (7, 7, 8)
    )
    assert (first == again).all()
    assert (first != other).any()
