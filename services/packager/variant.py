"""What the multivariant playlist says of one rendition: measured, or foretold from its settings."""

from collections.abc import Iterable
from typing import NamedTuple

from libs.rung_sizes import SizedRung
from services.packager.window import Window

_MACROBLOCK = 16
_HIGH = 0x6400
"""Profile High without constraints (ITU-T H.264, A.2.4): an encoder's choice may be less."""
_LEVELS = (
    # level_idc, macroblocks a second, macroblocks a frame (ITU-T H.264, table A-1)
    (10, 1_485, 99), (11, 3_000, 396), (12, 6_000, 396), (13, 11_880, 396), (21, 19_800, 792),
    (22, 20_250, 1_620), (30, 40_500, 1_620), (31, 108_000, 3_600), (32, 216_000, 5_120),
    (40, 245_760, 8_192), (42, 522_240, 8_704), (50, 589_824, 22_080), (51, 983_040, 36_864),
)  # fmt: skip
_HIGHEST = 62


class Variant(NamedTuple):
    name: str
    codec: str
    width: int
    height: int
    frame_rate: float
    average_bps: int
    peak_bps: int


def measured(name: str, window: Window) -> Variant | None:
    """None if there is no picture."""
    configured = window.newest("video")
    if configured is None:
        return None
    track, rates = configured.track, window.rates
    return Variant(
        name=name,
        codec=track.codec,
        width=track.width or 0,
        height=track.height or 0,
        frame_rate=rates.frame_rate,
        average_bps=rates.average_bps,
        peak_bps=rates.peak_bps,
    )


def foretold(sized: SizedRung, *, frame_rate: float) -> Variant:
    """What a rung will be, once it is made."""
    level = _level(sized.width, sized.height, frame_rate)
    return Variant(
        name=sized.rung.name,
        codec=f"avc1.{_HIGH:04x}{level:02x}",
        width=sized.width,
        height=sized.height,
        frame_rate=frame_rate,
        average_bps=sized.rung.bitrate_bps,
        peak_bps=sized.rung.max_bitrate_bps,
    )


def best_first(variants: Iterable[Variant]) -> list[Variant]:
    return sorted(variants, key=lambda each: each.average_bps, reverse=True)


def _level(width: int, height: int, frame_rate: float) -> int:
    """The lowest level that holds such pictures."""
    frame = -(-width // _MACROBLOCK) * -(-height // _MACROBLOCK)
    for level, most_a_second, most_a_frame in _LEVELS:
        if frame <= most_a_frame and frame * frame_rate <= most_a_second:
            return level
    return _HIGHEST
