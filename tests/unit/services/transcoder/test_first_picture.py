"""The picture with which a segment begins."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from libs.media.cmaf import write_init
from libs.media.cmaf_reader import read_configuration
from services.transcoder.first_picture import NoPicture, keyframe_of, pictures_of
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
    (made,) = pictures_of([footage([first, other, other]).keyframe])
    assert isinstance(made, bytes)
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.format, picture.size) == ("JPEG", size)
        difference = ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), first))
    assert max(difference.mean) < 4


def test_pictures_of_several_sizes_are_made_as_each_alone() -> None:
    keyframes = [footage([colours(size)]).keyframe for size in SIZES]
    assert pictures_of(keyframes) == [pictures_of([each])[0] for each in keyframes]


def test_what_is_no_picture_costs_no_other() -> None:
    whole = footage([colours(SIZES[0])]).keyframe
    broken = whole._replace(data=b"\xff" * len(whole.data))
    before, none, after = pictures_of([whole, broken, whole])
    assert isinstance(none, NoPicture)
    assert before == after
    assert isinstance(before, bytes)


def test_what_has_no_keyframe_is_refused() -> None:
    whole = footage([colours(SIZES[0])])
    config = read_configuration(whole.init)
    for chunks in (b"", whole.chunks[:-1], whole.chunks[:60], b"nonsense"):
        with pytest.raises(NoPicture):
            keyframe_of(config, chunks)
    with pytest.raises(NoPicture):
        keyframe_of(read_configuration(write_init(AUDIO_CONFIG)), whole.chunks)
