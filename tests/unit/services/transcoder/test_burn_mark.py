"""A mark as it is laid over: where it is seen, of one colour."""

from PIL import Image

from services.transcoder.burn_mark import BurnMark
from services.transcoder.colours import Colours


def test_only_what_is_seen_is_laid_over_from_an_even_place_on() -> None:
    cover = Image.new("L", (64, 48))
    cover.paste(128, (13, 7, 20, 12))
    mark = BurnMark.of(cover, "#ff0000")
    assert (mark.left, mark.top, mark.width, mark.height) == (12, 6, 8, 6)
    alpha = Image.frombytes("L", (8, 6), mark.alpha)
    assert alpha.getbbox() == (1, 1, 8, 6)
    assert mark.yuva(Colours()) == b"".join(
        [bytes([81]) * 48, bytes([90]) * 12, bytes([240]) * 12, mark.alpha]
    )


def test_odd_size_has_samples_of_colour_for_its_last_pixels() -> None:
    mark = BurnMark.of(Image.new("L", (5, 3), 255), "#ff0000")
    assert len(mark.yuva(Colours())) == 5 * 3 + 2 * (3 * 2) + 5 * 3


def test_mark_that_is_not_seen_is_laid_over_all_the_same() -> None:
    mark = BurnMark.of(Image.new("L", (64, 48)), "#ff0000")
    assert (mark.width, mark.height, set(mark.alpha)) == (2, 2, {0})
