"""By which matrix players read a source."""

import pytest

from libs.media.codec import VideoConfig
from services.transcoder.colours import Colours, colours_of


@pytest.mark.parametrize(
    ("height", "matrix", "name"),
    [
        (576, None, "smpte170m"),
        (719, None, "smpte170m"),
        (720, None, "bt709"),
        (1080, 6, "smpte170m"),
        (360, 1, "bt709"),
        (2160, 9, "bt2020nc"),
        (1080, 0, None),  # RGB
        (1080, 77, None),
    ],
)
def test_matrix_is_what_the_source_says_else_what_its_size_makes_players_assume(
    height: int, matrix: int | None, name: str | None
) -> None:
    config = VideoConfig("avc1.64001f", "avc1", b"", 16 * height // 9, height, matrix=matrix)
    found = colours_of(config)
    assert (found.matrix if found else None) == name


def test_range_is_the_sources() -> None:
    config = VideoConfig("avc1.64001f", "avc1", b"", 640, 360, matrix=5, is_full_range=True)
    found = colours_of(config)
    assert found == Colours("bt470bg", is_full_range=True)
    assert (found.range, found.scaler_matrix) == ("pc", "bt470")
