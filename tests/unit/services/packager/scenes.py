"""The windows whose playlists and manifests are kept as golden files."""

from collections.abc import Callable

from services.packager.window import Window
from tests.unit.services.packager.windows import SMALL_VIDEO, WindowMaker


def plain() -> Window:
    maker = WindowMaker(4)
    for index in range(8):
        maker.add(2.0, size=100_000 + 10_000 * index)
    return maker.window


def audio_only() -> Window:
    maker = WindowMaker(4, video=False)
    for _ in range(5):
        maker.add(2.005333, size=32_000)
    return maker.window


def video_only_ended() -> Window:
    maker = WindowMaker(4, audio=False)
    maker.add()
    maker.add()
    maker.add(0.4)
    maker.end()
    return maker.window


def long_gop() -> Window:
    maker = WindowMaker(6)
    for duration_s, is_independent in ((3.48, True), (3.48, False), (1.04, False), (3.48, True)):
        maker.add(duration_s, is_independent=is_independent)
    return maker.window


def reconnected() -> Window:
    """A discontinuity with another picture size; the older one has left the list."""
    maker = WindowMaker(4)
    maker.add()
    maker.discontinue()
    for _ in range(3):
        maker.add()
    maker.video = SMALL_VIDEO
    maker.discontinue(0.04)
    maker.add()
    maker.add()
    return maker.window


def with_a_gap() -> Window:
    maker = WindowMaker(6)
    maker.add()
    maker.add()
    maker.lose(2, 5.0)
    maker.add()
    maker.audio = None
    maker.add()
    return maker.window


SCENES: dict[str, Callable[[], Window]] = {
    scene.__name__: scene
    for scene in (plain, audio_only, video_only_ended, long_gop, reconnected, with_a_gap)
}
