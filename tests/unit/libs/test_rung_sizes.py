"""Which picture a rung shows of which source."""

import pytest

from libs.events import TEMPLATES, Rung
from libs.media.codec import VideoConfig
from libs.rung_sizes import choose, fit

LADDER = list(TEMPLATES.values())


def source(width: int, height: int, aspect: tuple[int, int] = (1, 1)) -> VideoConfig:
    return VideoConfig("avc1.64001f", "avc1", b"", width, height, pixel_aspect=aspect)


@pytest.mark.parametrize(
    ("picture", "sizes"),
    [
        (source(1920, 1080), [(640, 360), (854, 480), (1280, 720), (1920, 1080)]),
        (source(3840, 2160), [(640, 360), (854, 480), (1280, 720), (1920, 1080)]),
        # 4:3, upright, and very wide: the aspect stays, both sides are even.
        (source(1440, 1080), [(480, 360), (640, 480), (960, 720), (1440, 1080)]),
        (source(1080, 1920), [(202, 360), (270, 480), (404, 720), (608, 1080)]),
        (source(2560, 1080), [(640, 270), (854, 360), (1280, 540), (1920, 810)]),
        # PAL's oblong pixels become square ones.
        (source(720, 576, (64, 45)), [(640, 360), (720, 404)]),
        # Never enlarged; what would be the same picture again is left out.
        (source(1280, 720), [(640, 360), (854, 480), (1280, 720)]),
        (source(640, 360), [(640, 360)]),
        (source(161, 91), [(160, 90)]),
    ],
)
def test_pictures_keep_their_aspect_and_are_never_enlarged(
    picture: VideoConfig, sizes: list[tuple[int, int]]
) -> None:
    made, left_out = choose(LADDER, picture)
    assert [(each.width, each.height) for each in made] == sizes
    assert [rung.name for rung in left_out] == [rung.name for rung in LADDER[len(sizes) :]]


def test_two_bit_rates_of_one_size_are_two_rungs() -> None:
    low = Rung(name="low", width=640, height=360, bitrate_bps=1, max_bitrate_bps=1)
    high = low.model_copy(update={"name": "high", "bitrate_bps": 2})
    made, left_out = choose([low, high], source(320, 180))
    assert ([each.rung.name for each in made], left_out) == (["low", "high"], [])


def test_no_side_is_ever_nothing() -> None:
    assert fit(LADDER[0], source(16384, 16))[1:] == (640, 2)
