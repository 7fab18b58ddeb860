"""A viewer's mark on a picture: one tile of lines, again and again in a grid."""

from PIL import Image, ImageChops, ImageOps

from libs.events.marks import Lettered
from libs.events.viewer_marks import POSITIONS, ViewerMark
from libs.marks.fonts import Fonts
from libs.marks.lettering import draw_text
from libs.marks.picture import Picture

LETTERS = 100
"""Pixels of an em in which a tile is drawn, before it is scaled to the picture."""
MARGIN = 10
WIDE_SHARE, SQUARE_SHARE, TALL_SHARE = 3, 2, 1.6
"""The picture's width in tiles."""


def draw_grid(mark: ViewerMark, fonts: Fonts, *, width: int, height: int) -> Picture:
    """The mark on nothing, as large as the picture. Raises `MarkRefused`."""
    # What is not seen has the letters' colour, too: 4:2:0 lets it into their edges.
    grid = Image.new("RGB", (width, height), mark.color)
    grid.putalpha(draw_cover(mark, fonts, width=width, height=height))
    return Picture(width, height, grid.tobytes())


def draw_cover(mark: ViewerMark, fonts: Fonts, *, width: int, height: int) -> Image.Image:
    """How much of each pixel the mark hides, of 255. Raises `MarkRefused`."""
    tile = _tile(mark, fonts)
    columns, rows = grid_of(mark.density, width=width, height=height)
    cell = width / columns, height / rows
    scale = min(width / _share(width, height) / tile.width, *_fit(tile, cell))
    size = max(1, round(tile.width * scale)), max(1, round(tile.height * scale))
    scaled = tile.resize(size, Image.Resampling.LANCZOS)
    cover = Image.new("L", (width, height))
    for column in range(columns):
        for row in range(rows):
            left = round(cell[0] * (column + 0.5) - size[0] / 2)
            top = round(cell[1] * (row + 0.5) - size[1] / 2)
            cover.paste(scaled, (left, top))
    if mark.position:
        share = mark.position / POSITIONS
        cover = ImageChops.offset(cover, round(cell[0] * share), round(cell[1] * share))
    return cover.point([round(at * mark.opacity) for at in range(256)])


def grid_of(density: int, *, width: int, height: int) -> tuple[int, int]:
    """Columns and rows."""
    if density == 1:
        return (1, 2) if height > width else (2, 2)
    return 3, 3


def _share(width: int, height: int) -> float:
    if width == height:
        return SQUARE_SHARE
    return WIDE_SHARE if width > height else TALL_SHARE


def _fit(tile: Image.Image, cell: tuple[float, float]) -> tuple[float, float]:
    """By how much it may be scaled so that two do not overlap."""
    return cell[0] / tile.width, cell[1] / tile.height


def _tile(mark: ViewerMark, fonts: Fonts) -> Image.Image:
    """How much it covers."""
    style = Lettered(size=LETTERS, color=mark.color, rotation=_half_turn(mark.rotation))
    drawn = draw_text("\n".join(mark.lines), style, fonts)
    letters = Image.frombytes("RGBA", (drawn.width, drawn.height), drawn.rgba)
    return ImageOps.expand(letters.getchannel("A"), MARGIN)


def _half_turn(degrees: int) -> float:
    """The same angle between -180 and 180."""
    return float((degrees + 180) % 360 - 180)
