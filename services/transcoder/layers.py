"""Layers: a stream's marks as pictures for frames of one size, ready to be laid over.

A still is drawn once. A clock has a box of one size, in which each second has its picture.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

from PIL import Image

from libs.events import MarkReport
from libs.events.marks import ClockMark, Placed
from libs.marks import WIDEST, Fonts, Picture, clock_text, draw_text, place
from services.transcoder.errors import MarkOffFrame

HEM = 2


@dataclass(frozen=True)
class Still:
    picture: Picture
    left: int
    top: int


@dataclass(frozen=True)
class Clock:
    left: int
    top: int
    width: int
    height: int
    draw: Callable[[float], bytes]
    """RGBA of the box, for a time in Unix seconds."""


Layer = Still | Clock


class Drawn(NamedTuple):
    """A stream's marks, as they can be had."""

    layers: tuple[Layer, ...]
    """The lowest first."""
    marks: tuple[MarkReport, ...]
    """All of them, and why some are not among the layers."""

    @property
    def why_not(self) -> str:
        """In a sentence, why there is none."""
        reasons = dict.fromkeys(mark.detail for mark in self.marks if mark.detail is not None)
        return " ".join(reasons) or "None of the stream's marks can be seen."


def still(mark: Placed, picture: Picture, *, width: int, height: int) -> Still:
    """The part of the picture that is on a frame of `width` x `height`. Raises `MarkOffFrame`."""
    left, top = place(mark, picture, width=width, height=height)
    right, bottom = min(left + picture.width, width), min(top + picture.height, height)
    if right <= max(left, 0) or bottom <= max(top, 0):
        raise MarkOffFrame(f"The {width} x {height} picture ends before the mark begins.")
    box = (max(-left, 0), max(-top, 0), right - left, bottom - top)
    image = Image.frombytes("RGBA", (picture.width, picture.height), picture.rgba).crop(box)
    left, top = max(left, 0), max(top, 0)
    image = _hemmed(image, width=width - left, height=height - top)
    return Still(Picture(image.width, image.height, image.tobytes()), left, top)


def _hemmed(image: Image.Image, *, width: int, height: int) -> Image.Image:
    """With nothing to be seen at its right and lower edge, if there is room.

    There ffmpeg's overlay takes the alpha of one pixel where a sample of colour stands for four
    (4:2:0).
    """
    size = (
        min(image.width + HEM + image.width % 2, width),
        min(image.height + HEM + image.height % 2, height),
    )
    hemmed = _emptied(image, size)
    hemmed.paste(image)
    return hemmed


def _emptied(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Nothing to be seen, in the colour of the image's own corner (see `libs.marks.picture`)."""
    red, green, blue, _ = cast("tuple[int, int, int, int]", image.getpixel((0, 0)))
    return Image.new("RGBA", size, (red, green, blue, 0))


def clock(mark: ClockMark, fonts: Fonts, *, width: int, height: int) -> Clock:
    """A box for the widest time, wholly on the frame. Raises `MarkOffFrame` if it has no room."""
    zone = ZoneInfo(mark.timezone)
    widest = draw_text(WIDEST, mark, fonts)
    if widest.width > width or widest.height > height:
        raise MarkOffFrame(
            f"The clock has {widest.width} x {widest.height} pixels, and the picture only "
            f"{width} x {height}: make it smaller."
        )
    left, top = place(mark, widest, width=width, height=height)
    size = (widest.width, widest.height)

    def draw(at_s: float) -> bytes:
        drawn = draw_text(clock_text(at_s, zone), mark, fonts)
        image = Image.frombytes("RGBA", (drawn.width, drawn.height), drawn.rgba)
        box = _emptied(image, size)
        # Digits stand on one line, so they do not hop about.
        box.paste(image, (0, size[1] - drawn.height))
        return box.tobytes()

    left = min(max(left, 0), width - size[0])
    top = min(max(top, 0), height - size[1])
    return Clock(left, top, *size, draw)
