"""A file's times in ours. Everybody who makes a part of an asset counts the same way."""

from fractions import Fraction
from typing import Any

VIDEO_TIMESCALE = 90_000


def ticks(stamp: int, base: Fraction, timescale: int) -> int:
    """A stamp in units of `base` seconds, in ticks of `timescale`, to the nearest."""
    numerator, denominator = stamp * base.numerator * timescale, base.denominator
    return (2 * numerator + denominator) // (2 * denominator)


def of_90k(time: int, timescale: int) -> int:
    """90 kHz in ticks of `timescale`, rounded down."""
    return time * timescale // VIDEO_TIMESCALE


def span_of(order: Any) -> tuple[int, int]:
    """Where a chunk begins and ends by the file's own clock, 90 kHz."""
    begin = order["zero_90k"] + order["start_90k"]
    return begin, begin + sum(order["segments_90k"])
