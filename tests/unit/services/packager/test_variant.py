"""What is foretold of a rung is enough to play it."""

import pytest

from libs.events import Rung
from libs.rung_sizes import SizedRung
from services.packager.variant import best_first, foretold


def sized(width: int, height: int, name: str = "own") -> SizedRung:
    rung = Rung(
        name=name, width=width, height=height, bitrate_bps=height * 1000,
        max_bitrate_bps=height * 1500,
    )  # fmt: skip
    return SizedRung(rung, width, height)


@pytest.mark.parametrize(
    ("width", "height", "frame_rate", "codec"),
    [
        (640, 360, 30.0, "avc1.64001e"),
        (640, 360, 60.0, "avc1.64001f"),
        (854, 480, 30.0, "avc1.64001f"),
        (1280, 720, 30.0, "avc1.64001f"),
        (1280, 720, 60.0, "avc1.640020"),
        (1920, 1080, 30.0, "avc1.640028"),
        (1920, 1080, 60.0, "avc1.64002a"),
        (3840, 2160, 30.0, "avc1.640033"),
        (7680, 4320, 30.0, "avc1.64003e"),
    ],
)
def test_level_is_the_lowest_that_holds_the_pictures(
    width: int, height: int, frame_rate: float, codec: str
) -> None:
    assert foretold(sized(width, height), frame_rate=frame_rate).codec == codec


@pytest.mark.parametrize(
    ("width", "height", "frame_rate", "codec"),
    [
        (640, 360, 30.0, "hvc1.1.6.L63.90"),
        (640, 360, 60.0, "hvc1.1.6.L90.90"),
        (854, 480, 30.0, "hvc1.1.6.L90.90"),
        (1280, 720, 30.0, "hvc1.1.6.L93.90"),
        (1920, 1080, 30.0, "hvc1.1.6.L120.90"),
        (1920, 1080, 60.0, "hvc1.1.6.L123.90"),
        (7680, 4320, 60.0, "hvc1.1.6.L186.90"),
    ],
)
def test_h265_has_levels_of_its_own(width: int, height: int, frame_rate: float, codec: str) -> None:
    found = foretold(sized(width, height), frame_rate=frame_rate, ladder_codec="libx265")
    assert found.codec == codec


def test_variants_come_best_first() -> None:
    found = [foretold(sized(16 * h // 9, h, f"{h}p"), frame_rate=25.0) for h in (360, 720, 480)]
    assert [each.name for each in best_first(found)] == ["720p", "480p", "360p"]
