"""Draws the letters of a mark: any script, several lines, no markup of any kind.

Lines are shaped by HarfBuzz and ordered by FriBidi through Pillow's RAQM layout. A line is drawn
from its own side: one that begins in a right-to-left script ends at the picture's right edge.
"""

import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw, ImageFont

from libs.events.marks import Lettered
from libs.marks.errors import MarkRefused
from libs.marks.fonts import Fonts
from libs.marks.picture import Picture, finish, surround

MAX_SIDE = 8192
"""No frame is larger, so nobody could see the rest."""
LINE_HEIGHT = 1.2
OUTLINE_EM = 0.06
TAB = "    "
RIGHT_TO_LEFT = ("R", "AL")


@dataclass(frozen=True, slots=True)
class _Line:
    pieces: tuple[tuple[ImageFont.FreeTypeFont, str, float], ...]
    """Font, text and where it begins, from left to right."""
    width: float
    is_right_to_left: bool


def draw_text(text: str, style: Lettered, fonts: Fonts) -> Picture:
    """Draw `text` as `style` says. Raises `MarkRefused` if it cannot be drawn as a whole."""
    lines = [_lay_out(line, style.size, fonts) for line in _read_lines(text)]
    stroke = round(style.size * OUTLINE_EM) or 1 if style.outline else 0
    # What leans out of its line (accents, swashes) has an em of room, and is trimmed after.
    room = style.size + stroke
    step = round(style.size * LINE_HEIGHT)
    width = round(max(line.width for line in lines)) + 2 * room
    height = step * len(lines) + 2 * room
    if max(width, height) > MAX_SIDE:
        raise MarkRefused(
            f"The mark would be {width} x {height} pixels; up to {MAX_SIDE} are drawn. "
            "Make it smaller or shorter, or break its line."
        )
    canvas = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(canvas)
    fill = ImageColor.getrgb(style.color)
    stroke_fill = ImageColor.getrgb(style.outline) if style.outline else None
    for row, line in enumerate(lines):
        left = width - room - line.width if line.is_right_to_left else room
        base = room + step * row + style.size
        for font, piece, at in line.pieces:
            draw.text(
                (left + at, base), piece, fill, font,
                anchor="ls", stroke_width=stroke, stroke_fill=stroke_fill,
            )  # fmt: skip
    if style.rotation:
        canvas = canvas.rotate(style.rotation, Image.Resampling.BICUBIC, expand=True)
    inked = canvas.getbbox()
    if inked is None:
        raise MarkRefused("The mark has nothing to be seen.")
    picture = surround(canvas.crop(inked), style.outline or style.color)
    return finish(picture, opacity=style.opacity)


def _read_lines(text: str) -> list[str]:
    """Raises `MarkRefused` for characters that are no text."""
    lines = text.replace("\t", TAB).splitlines()
    for char in "".join(lines):
        if unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn"}:
            raise MarkRefused(f"The mark has a character that is no text: U+{ord(char):04X}.")
    if not lines:
        raise MarkRefused("The mark has nothing to be seen.")
    return lines


def _lay_out(line: str, size: int, fonts: Fonts) -> _Line:
    is_right_to_left = _is_right_to_left(line)
    runs = fonts.runs(line)
    if is_right_to_left:
        runs.reverse()
    pieces: list[tuple[ImageFont.FreeTypeFont, str, float]] = []
    at = 0.0
    for run in runs:
        font = fonts.open(run.face, size)
        pieces.append((font, run.text, at))
        at += font.getlength(run.text)
    return _Line(tuple(pieces), at, is_right_to_left)


def _is_right_to_left(line: str) -> bool:
    """By its first strong character (Unicode bidirectional algorithm, rules P2 and P3)."""
    for char in line:
        direction = unicodedata.bidirectional(char)
        if direction in (*RIGHT_TO_LEFT, "L"):
            return direction in RIGHT_TO_LEFT
    return False
