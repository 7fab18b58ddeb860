"""A picture to be laid over a frame, and how one is read from an uploaded file."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageFilter, UnidentifiedImageError

from libs.marks.errors import MarkRefused

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_FILE_BYTES = 5 << 20
MAX_PIXELS = 4096 * 4096
BLEED = 4
"""Pixels around what is seen: as far as ffmpeg looks when it halves the rows of colour."""


@dataclass(frozen=True, slots=True)
class Picture:
    """RGBA, straight alpha, rows from the top without padding."""

    width: int
    height: int
    rgba: bytes

    def png(self) -> bytes:
        out = io.BytesIO()
        image = Image.frombytes("RGBA", (self.width, self.height), self.rgba)
        image.save(out, "PNG")
        return out.getvalue()


def surround(image: Image.Image, color: str) -> Image.Image:
    """The image with `color` in what is wholly transparent.

    A frame has one sample of colour for four pixels (4:2:0): what is beside a letter gives its
    colour to the letter's edge, seen or not.
    """
    alpha = image.getchannel("A")
    around = Image.new("RGBA", image.size, color)
    around.paste(image, mask=alpha.point([0] + [255] * 255))
    around.putalpha(alpha)
    return around


def finish(image: Image.Image, *, opacity: float) -> Picture:
    """As it will be laid over: `opacity` is multiplied into the alpha."""
    image = image.convert("RGBA")
    if opacity < 1:
        image.putalpha(image.getchannel("A").point([round(at * opacity) for at in range(256)]))
    return Picture(image.width, image.height, image.tobytes())


class Probe(NamedTuple):
    """What a file holds."""

    width: int
    height: int
    content_type: str


def probe_picture(file: bytes) -> Probe:
    """Look at the file as `read_picture` does, and decode all of its first picture.

    Raises `MarkRefused`.
    """
    with _opened(file) as image:
        image.load()
        return Probe(image.width, image.height, Image.MIME[image.format or ""])


def read_picture(file: bytes, *, width: int, height: int, opacity: float = 1.0) -> Picture:
    """The file's (first) picture, scaled to exactly `width` x `height`.

    Raises `MarkRefused` for what is no picture, of another format, or larger than allowed; the
    size is judged before a pixel is decoded.
    """
    with _opened(file) as image:
        scaled = image.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    return finish(_bleed(scaled), opacity=opacity)


def _bleed(image: Image.Image) -> Image.Image:
    """The image with the colours of what is seen in the transparent pixels beside it (see
    `surround`).
    """
    alpha = image.getchannel("A")
    around = image.convert("RGBa").filter(ImageFilter.BoxBlur(BLEED)).convert("RGBA")
    around.paste(image, mask=alpha.point([0] + [255] * 255))
    around.putalpha(alpha)
    return around


@contextlib.contextmanager
def _opened(file: bytes) -> Iterator[Image.Image]:
    """What goes wrong with it inside becomes `MarkRefused`, too."""
    if len(file) > MAX_FILE_BYTES:
        raise MarkRefused(f"A mark's file may have {MAX_FILE_BYTES >> 20} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(file), formats=FORMATS) as image:
                _check_size(image)
                yield image
    except (UnidentifiedImageError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        formats = ", ".join(FORMATS)
        raise MarkRefused(f"A mark's file is a picture ({formats}) of a usual size.") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise MarkRefused(f"The mark's picture is damaged: {error}.") from None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise MarkRefused(f"A mark's picture may have {MAX_PIXELS >> 20} megapixels.")
