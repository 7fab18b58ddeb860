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


def low_latency() -> Window:
    """A segment in the making behind five whole ones; the first parts are too old to be listed."""
    maker = WindowMaker(6)
    for _ in range(5):
        maker.add_in_parts(10)
    maker.begin()
    for index in range(3):
        maker.part(index)
    maker.part(0, "audio")
    maker.part(1, "audio")
    return maker.window


def low_latency_boundary() -> Window:
    """The next segment has opened, and the audio of the one before is not whole yet."""
    maker = WindowMaker(6)
    maker.add_in_parts(10)
    maker.begin()
    maker.part(0)
    maker.part(1, duration_s=0.12)
    maker.part(0, "audio")
    maker.msn += 1
    maker.at += 28_800
    maker.begin()
    return maker.window


def low_latency_reconnected() -> Window:
    """A discontinuity and another picture size."""
    maker = WindowMaker(6)
    maker.add_in_parts(3)
    maker.discontinue()
    maker.video = SMALL_VIDEO
    maker.begin()
    maker.part(0)
    maker.part(1)
    return maker.window


def low_latency_hole() -> Window:
    """Sound is missing for a while, and the segment is expected to end with the newest part."""
    maker = WindowMaker(6)
    maker.add_in_parts(10)
    maker.begin()
    for index in range(9):
        maker.part(index)
    maker.part(9, ends_segment=True)
    for index, is_gap in enumerate((False, True, True, False)):
        maker.part(index, "audio", is_gap=is_gap)
    return maker.window


def low_latency_long() -> Window:
    """Long enough for a delta update."""
    maker = WindowMaker(20)
    for _ in range(20):
        maker.add_in_parts(10)
    maker.begin()
    maker.part(0)
    return maker.window


def low_latency_ended() -> Window:
    maker = WindowMaker(6)
    maker.add_in_parts(10)
    maker.add_in_parts(2)
    maker.end()
    return maker.window


SCENES: dict[str, Callable[[], Window]] = {
    scene.__name__: scene
    for scene in (
        plain,
        audio_only,
        video_only_ended,
        long_gop,
        reconnected,
        with_a_gap,
        low_latency,
        low_latency_boundary,
        low_latency_reconnected,
        low_latency_hole,
        low_latency_long,
        low_latency_ended,
    )
}
