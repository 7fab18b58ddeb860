"""A viewer's mark lies in a grid over the whole picture."""

import pytest
from PIL import Image, ImageChops

from libs.events.viewer_marks import ViewerMark
from libs.marks import Fonts, MarkRefused, Picture, draw_grid
from libs.marks.grid import grid_of
from tests.required import lacking

FONTS = Fonts()


@pytest.fixture(scope="module", autouse=True)
def _fonts() -> None:
    try:
        FONTS.runs("viewer 水印")
    except MarkRefused as error:
        lacking(f"A font ({error})", "apt install fonts-dejavu-core fonts-wqy-microhei")


def alpha(picture: Picture) -> Image.Image:
    return Image.frombytes("RGBA", (picture.width, picture.height), picture.rgba).getchannel("A")


@pytest.mark.parametrize(
    ("size", "density", "wanted"),
    [
        ((640, 360), 1, (2, 2)),
        ((640, 360), 2, (3, 3)),
        ((360, 640), 1, (1, 2)),
        ((360, 640), 2, (3, 3)),
        ((360, 360), 1, (2, 2)),
    ],
)
def test_each_cell_has_one_tile_in_its_middle(
    size: tuple[int, int], density: int, wanted: tuple[int, int]
) -> None:
    width, height = size
    columns, rows = wanted
    assert grid_of(density, width=width, height=height) == wanted
    mark = ViewerMark(lines=("viewer", "水印"), density=density)
    drawn = alpha(draw_grid(mark, FONTS, width=width, height=height))
    assert drawn.size == size
    boxes = []
    for column in range(columns):
        for row in range(rows):
            left, top = width * column // columns, height * row // rows
            right, bottom = width * (column + 1) // columns, height * (row + 1) // rows
            box = drawn.crop((left, top, right, bottom)).point([0] * 64 + [255] * 192).getbbox()
            assert box is not None
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            assert middle == pytest.approx(((right - left) / 2, (bottom - top) / 2), abs=4)
            boxes.append((box[2] - box[0], box[3] - box[1]))
    assert max(w for w, _ in boxes) - min(w for w, _ in boxes) <= 2


def test_tile_of_a_wide_picture_is_a_third_of_it() -> None:
    mark = ViewerMark(lines=("a viewer of some name",), rotation=0)
    box = alpha(draw_grid(mark, FONTS, width=600, height=300)).crop((0, 0, 300, 150)).getbbox()
    assert box is not None
    assert 185 <= box[2] - box[0] <= 200


def test_opacity_and_colour_are_those_asked_for() -> None:
    mark = ViewerMark(lines=("IIII",), color="#f04b51", opacity=0.5)
    picture = draw_grid(mark, FONTS, width=640, height=360)
    assert alpha(picture).getextrema()[1] == 128
    image = Image.frombytes("RGBA", (640, 360), picture.rgba)
    assert image.convert("RGB").getcolors() == [(640 * 360, (0xF0, 0x4B, 0x51))]


def test_many_lines_stay_within_their_cells() -> None:
    mark = ViewerMark(lines=tuple("12345678"), density=2)
    drawn = alpha(draw_grid(mark, FONTS, width=900, height=270))
    border = drawn.crop((0, 89, 900, 91)).point([0] * 64 + [255] * 192)
    assert border.getbbox() is None


@pytest.mark.parametrize("rotation", [-360, -90, 0, 8, 180, 270, 360])
def test_every_angle_is_drawn(rotation: int) -> None:
    mark = ViewerMark(lines=("turned",), rotation=rotation)
    assert alpha(draw_grid(mark, FONTS, width=320, height=180)).getbbox() is not None


def test_letters_that_no_font_has_are_refused() -> None:
    with pytest.raises(MarkRefused):
        draw_grid(ViewerMark(lines=("\U0010fffd",)), FONTS, width=320, height=180)


def test_shifted_grid_has_as_much_and_lies_elsewhere() -> None:
    mark = ViewerMark(lines=("viewer",), rotation=0)
    middle = alpha(draw_grid(mark, FONTS, width=640, height=360))
    moved = mark.model_copy(update={"position": 4})
    shifted = alpha(draw_grid(moved, FONTS, width=640, height=360))
    assert ImageChops.offset(shifted, -160, -90).tobytes() == middle.tobytes()
    assert shifted.tobytes() != middle.tobytes()
