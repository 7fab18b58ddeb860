"""What counts as motion between two pictures."""

import pytest
from PIL import Image

from libs.events import Message, MotionDetected, MotionRequested, StoredPicture
from services.transcoder.decoder import Decoder
from services.transcoder.first_picture import NoPicture, changed_percent
from services.transcoder.motion import MotionLooks
from tests.unit.services.catalog.test_recording_plan import AT
from tests.unit.services.transcoder.footage import Footage, Store, footage

WIDTH, HEIGHT = 320, 180


def movie(*, covered: float, shade: int = 255, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Footage:
    """One black picture of which a part is covered."""
    image = Image.new("RGB", size)
    image.paste((shade, shade, shade), (0, 0, round(size[0] * covered), size[1]))
    return footage([image])


BLACK = movie(covered=0)
NONSENSE = BLACK.keyframe._replace(data=b"nonsense")


@pytest.mark.parametrize(
    ("covered", "shade", "percent"), [(0.5, 255, 50), (1, 255, 100), (1, 8, 0)]
)
def test_share_of_changed_pixels_is_told(covered: float, shade: int, percent: float) -> None:
    found = changed_percent(BLACK.keyframe, movie(covered=covered, shade=shade).keyframe, 10)
    assert found == pytest.approx(percent, abs=4)  # a sixth of the pixels, and their borders


def test_same_picture_has_not_changed() -> None:
    assert changed_percent(BLACK.keyframe, BLACK.keyframe, 1) == 0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(NoPicture):
        changed_percent(BLACK.keyframe, movie(covered=1, size=(160, 90)).keyframe, 10)
    with pytest.raises(NoPicture):
        changed_percent(BLACK.keyframe, NONSENSE, 10)


def order(percent: float) -> MotionRequested:
    pictures = [
        StoredPicture(init_key="init", object_key=key, offset=0, size_bytes=1 << 20)
        for key in ("before", "now")
    ]
    return MotionRequested(
        tenant="default", stream="cam", session="s", msn=7, at=AT, before=pictures[0],
        now=pictures[1], difference=10, percent=percent,
    )  # fmt: skip


async def said(store: Store, percent: float) -> list[Message]:
    heard: list[Message] = []

    async def say(message: Message) -> None:
        heard.append(message)

    decoder = Decoder()
    looks = MotionLooks(store, decoder, say)  # type: ignore[arg-type]
    await looks.look(order(percent))
    decoder.close()
    return heard


async def test_enough_is_said_and_less_is_not() -> None:
    store = Store(init=BLACK.init, before=BLACK.chunks, now=movie(covered=0.5).chunks)
    (found,) = await said(store, 40)
    assert isinstance(found, MotionDetected)
    assert (found.stream, found.msn, found.at) == ("cam", 7, AT)
    assert await said(store, 60) == []


async def test_what_is_gone_or_broken_is_let_go() -> None:
    assert await said(Store(init=BLACK.init, now=BLACK.chunks), 1) == []
    assert await said(Store(init=BLACK.init, before=BLACK.chunks, now=b"nonsense"), 1) == []
