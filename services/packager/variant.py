"""What the multivariant playlist says of one rendition: measured, or foretold from its settings."""

from collections.abc import Iterable
from typing import NamedTuple

from libs.events import LadderCodec
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
_HEVC_LEVELS = (
    # level_idc, luma samples a picture, luma samples a second (ITU-T H.265, tables A.8 and A.9)
    (60, 122_880, 3_686_400), (63, 245_760, 7_372_800), (90, 552_960, 16_588_800),
    (93, 983_040, 33_177_600), (120, 2_228_224, 66_846_720), (123, 2_228_224, 133_693_440),
    (150, 8_912_896, 267_386_880), (153, 8_912_896, 534_773_760),
)  # fmt: skip
_HEVC_HIGHEST = 186
_CODED_BLOCK = 8
"""Sides of what H.265 codes are multiples of the smallest block's that encoders use."""


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


def foretold(
    sized: SizedRung, *, frame_rate: float, ladder_codec: LadderCodec = "libx264"
) -> Variant:
    """What a rung will be, once it is made."""
    size = (sized.width, sized.height, frame_rate)
    return Variant(
        name=sized.rung.name,
        codec=_hevc(*size) if ladder_codec == "libx265" else f"avc1.{_HIGH:04x}{_level(*size):02x}",
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


def _hevc(width: int, height: int, frame_rate: float) -> str:
    """Profile Main, tier Main, progressive frames, and the lowest level that holds them."""
    blocks = -(-width // _CODED_BLOCK) * -(-height // _CODED_BLOCK)
    frame = blocks * _CODED_BLOCK**2
    fitting = (
        level
        for level, most_a_frame, most_a_second in _HEVC_LEVELS
        if frame <= most_a_frame and frame * frame_rate <= most_a_second
    )
    return f"hvc1.1.6.L{next(fitting, _HEVC_HIGHEST)}.90"
