"""The picture with which a segment begins."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from libs.media.cmaf import write_init
from services.transcoder.first_picture import Footage, NoPicture, first_picture
from tests.unit.libs.media.test_cmaf import AUDIO_CONFIG
from tests.unit.services.transcoder.footage import footage

SIZES = [(320, 180), (322, 182), (1920, 1080)]


def colours(size: tuple[int, int]) -> Image.Image:
    """A quarter each of red, green, blue and grey."""
    image = Image.new("RGB", size, (128, 128, 128))
    half = size[0] // 2, size[1] // 2
    image.paste((200, 30, 30), (0, 0, *half))
    image.paste((30, 200, 30), (half[0], 0, size[0], half[1]))
    image.paste((30, 30, 200), (0, half[1], half[0], size[1]))
    return image


@pytest.mark.parametrize("size", SIZES)
def test_first_of_several_is_shown_as_it_was(size: tuple[int, int]) -> None:
    first, other = colours(size), Image.new("RGB", size, (255, 255, 255))
    with Image.open(io.BytesIO(first_picture(footage([first, other, other])))) as picture:
        assert (picture.format, picture.size) == ("JPEG", size)
        difference = ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), first))
    assert max(difference.mean) < 4


def test_what_is_no_picture_is_refused() -> None:
    whole = footage([colours(SIZES[0])])
    broken = [
        Footage(b"", whole.chunks),
        Footage(write_init(AUDIO_CONFIG), whole.chunks),
        Footage(whole.init, b""),
        Footage(whole.init, whole.chunks[:-1]),
        Footage(whole.init, whole.chunks[:120] + b"\xff" * (len(whole.chunks) - 120)),
    ]
    for each in broken:
        with pytest.raises(NoPicture):
            first_picture(each)
