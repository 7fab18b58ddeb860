"""Which picture each rung shows: the source's, fitted into the rung's box.

Never enlarged, its aspect kept, in square pixels and even sides (4:2:0 chroma wants them).
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from libs.events import Rung
from libs.names import MARKED

NOT_SMALLER = "not_smaller"
"""Why a rung is left out: its picture would be that of a lower rung."""


class Shape(Protocol):
    """Of the source's picture."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def pixel_aspect(self) -> tuple[int, int]: ...


class SizedRung(NamedTuple):
    rung: Rung
    width: int
    height: int


def fit(rung: Rung, source: Shape) -> SizedRung:
    """Every picture fits, if only 2 pixels high."""
    horizontal, vertical = source.pixel_aspect
    # Square pixels by shrinking the longer side of each, so that nothing is enlarged.
    shown_width = source.width * min(1.0, horizontal / vertical)
    shown_height = source.height * min(1.0, vertical / horizontal)
    scale = min(1.0, rung.width / shown_width, rung.height / shown_height)
    width = _even(shown_width * scale, at_most=shown_width)
    return SizedRung(rung, width, _even(shown_height * scale, at_most=shown_height))


def full_size(source: Shape) -> SizedRung:
    """The marked picture: the source's own, but for a side that is odd."""
    rung = Rung(
        name=MARKED,
        width=source.width,
        height=source.height,
        bitrate_bps=0,
        max_bitrate_bps=0,
    )
    return fit(rung, source)


def choose(rungs: Iterable[Rung], source: Shape) -> tuple[list[SizedRung], list[Rung]]:
    """What is made, and what is left out because the source is too small for it.

    `rungs` come smallest first.
    """
    made: list[SizedRung] = []
    left_out: list[Rung] = []
    for rung in rungs:
        sized = fit(rung, source)
        if made and (sized.width, sized.height) == made[-1][1:] and _is_smaller_box(made[-1], rung):
            left_out.append(rung)
        else:
            made.append(sized)
    return made, left_out


def _is_smaller_box(lower: SizedRung, rung: Rung) -> bool:
    """Whether the two rungs were meant to be different pictures, not only different bit rates."""
    return (lower.rung.width, lower.rung.height) != (rung.width, rung.height)


def _even(side: float, *, at_most: float) -> int:
    even = round(side / 2) * 2
    return max(2, even - 2 if even > at_most else even)
