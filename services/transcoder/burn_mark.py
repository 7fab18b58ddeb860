"""A viewer's mark as ffmpeg lays it over pictures: raw, and no larger than what is seen of it."""

from typing import NamedTuple, Self

from PIL import Image, ImageColor

from libs.events.viewer_marks import ViewerMark
from libs.marks import Fonts, draw_cover
from services.transcoder.colours import Colours

_EVEN = ~1
_NOTHING = (0, 0, 2, 2)
"""Where nothing is seen, something has to be laid over."""


class BurnMark(NamedTuple):
    left: int
    """Even, as is `top`: colour has one sample for two pixels each way (4:2:0)."""
    top: int
    width: int
    height: int
    alpha: bytes
    color: str

    @classmethod
    def draw(cls, mark: ViewerMark, fonts: Fonts, *, width: int, height: int) -> Self:
        """Raises `MarkRefused`."""
        return cls.of(draw_cover(mark, fonts, width=width, height=height), mark.color)

    @classmethod
    def of(cls, cover: Image.Image, color: str) -> Self:
        """`cover`: how much of each pixel of a picture the mark hides."""
        left, top, right, bottom = cover.getbbox() or _NOTHING
        left, top = left & _EVEN, top & _EVEN
        alpha = cover.crop((left, top, right, bottom)).tobytes()
        return cls(left, top, right - left, bottom - top, alpha, color)

    def yuva(self, colours: Colours) -> bytes:
        """One picture in FFmpeg's `yuva420p`. It is of one colour: what is beside a letter gives
        its colour to the letter's edge, seen or not.
        """
        red, green, blue = ImageColor.getrgb(self.color)[:3]
        luma, bluish, reddish = colours.yuv(red, green, blue)
        pixels = self.width * self.height
        samples = ((self.width + 1) // 2) * ((self.height + 1) // 2)
        return b"".join((
            bytes([luma]) * pixels,
            bytes([bluish]) * samples,
            bytes([reddish]) * samples,
            self.alpha,
        ))  # fmt: skip
