"""Parts of one track: cut by media time, samples that last until the next."""

from libs.events import Track
from services.packager.cuts import Part
from services.packager.frames import Frame
from services.packager.track_cut import TrackCut
from tests.unit.services.packager.windows import AUDIO, VIDEO


def cut(track: Track, stamps: list[int], end: int, *, hole: int | None = None) -> list[Part]:
    cutting = TrackCut(track, 7, 0, hole=hole)
    parts = [
        part
        for number, dts in enumerate(stamps)
        if (part := cutting.add(Frame(number, dts, dts, number == 0, b"x"), 1024))
    ]
    last = cutting.finish(end)
    assert last is not None
    assert cutting.finish(end) is None, "it is finished once"
    assert cutting.range(5).duration == round(
        sum(part.duration_s for part in [*parts, last]) * track.timescale
    )
    return [*parts, last]


def test_parts_close_at_the_first_frame_past_their_time() -> None:
    parts = cut(VIDEO, [3600 * i for i in range(12)], 3600 * 12)
    assert [part.duration_s for part in parts] == [0.2, 0.2, 0.08]
    assert [part.index for part in parts] == [0, 1, 2]
    assert [part.is_independent for part in parts] == [True, False, False]


def test_sample_lasts_until_the_next_one() -> None:
    assert cut(VIDEO, [0, 90_000], 90_900)[0].duration_s == 1.0


def test_hole_in_audio_is_a_jump_and_no_stretched_sample() -> None:
    parts = cut(AUDIO, [0, 1024, 10_000, 11_024], 12_048, hole=2048)
    assert [part.duration_s * 48_000 for part in parts] == [2048, 2048]


def test_range_says_where_the_track_lies() -> None:
    cutting = TrackCut(VIDEO, 7, 0)
    cutting.add(Frame(0, 3600, 10_800, True, b"xy"), 3600)
    cutting.add(Frame(1, 7200, 7200, False, b"z"), 3600)
    cutting.finish(10_800)
    track = cutting.range(100)
    assert (track.offset, track.size_bytes) == (100, len(cutting.data()))
    assert (track.dts, track.pts, track.duration, track.samples) == (3600, 7200, 7200, 2)
