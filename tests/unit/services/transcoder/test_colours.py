"""By which matrix players read a source."""

import subprocess

import pytest
from PIL import ImageColor

from libs.ffmpeg import find_ffmpeg
from libs.media.codec import VideoConfig
from services.transcoder.colours import _NAMES, Colours, colours_of


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


@pytest.mark.parametrize("colours", [Colours("bt709"), Colours(), Colours("bt709", True)])
@pytest.mark.parametrize("rgb", ["#000000", "#ffffff", "#ff0000", "#0000ff", "#f04b51"])
def test_colour_is_what_ffmpeg_makes_of_it(colours: Colours, rgb: str) -> None:
    graph = f"color={rgb}:size=16x16,format=rgb24,scale=out_color_matrix={colours.matrix}"
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-f", "lavfi",
        "-i", f"{graph}:out_range={colours.range},format=yuv444p", "-frames:v", "1",
        "-f", "rawvideo", "-",
    ]  # fmt: skip
    made = subprocess.run(argv, check=True, capture_output=True).stdout
    wanted = made[0], made[16 * 16], made[2 * 16 * 16]
    assert colours.yuv(*ImageColor.getrgb(rgb)) == pytest.approx(wanted, abs=1)


def test_every_matrix_has_its_weights() -> None:
    assert {Colours(name).yuv(255, 255, 255) for name in _NAMES.values()} == {(235, 128, 128)}
