"""Parts of one track: cut by media time, samples that last until the next."""

import pytest

from libs.events import Track
from services.packager.cuts import Part
from services.packager.frames import Frame
from services.packager.part_rule import part_target_ms
from services.packager.track_cut import TrackCut
from tests.unit.services.packager.windows import AUDIO, VIDEO


def cut(track: Track, stamps: list[int], end: int, *, frame_ticks: int | None = None) -> list[Part]:
    cutting = TrackCut(track, 7, 0, frame_ticks=frame_ticks)
    parts = [
        part
        for number, dts in enumerate(stamps)
        for part in cutting.add(Frame(number, dts, dts, number == 0, b"x"))
    ]
    last = cutting.finish(end)
    assert last
    assert cutting.finish(end) == [], "it is finished once"
    parts += last
    assert cutting.range(5).duration == round(
        sum(part.duration_s for part in parts) * track.timescale
    )
    return parts


def test_parts_close_before_they_are_too_long() -> None:
    parts = cut(VIDEO, [3600 * i for i in range(12)], 3600 * 12)
    assert [part.duration_s for part in parts] == [0.2, 0.2, 0.08]
    assert [part.index for part in parts] == [0, 1, 2]
    assert [part.is_independent for part in parts] == [True, False, False]


@pytest.mark.parametrize("rate", [10, 12.5, 15, 20, 23.976, 24, 25, 29.97, 30, 48, 50, 60, 120, 4])
def test_parts_of_every_usual_frame_rate_keep_to_the_part_target(rate: float) -> None:
    """In whole milliseconds, as FLV has them (RFC 8216bis, 4.4.4.9)."""
    stamps = [round(1000 * i / rate) * 90 for i in range(int(rate * 8))]
    target_s = part_target_ms(rate) / 1000
    cutting = TrackCut(VIDEO, 7, 0, part_ms=part_target_ms(rate))
    parts: list[Part] = []
    for number, dts in enumerate(stamps):
        parts += cutting.add(Frame(number, dts, dts, number == 0, b"x"))
    assert len(parts) > 5
    for part in parts:
        assert 0.85 * target_s <= part.duration_s <= target_s


def test_late_frame_ends_the_part_before_the_one_it_follows() -> None:
    """A dropped frame is seen only when the next comes; only its own sample is long."""
    parts = cut(VIDEO, [0, 3600, 7200, 25_200, 28_800], 32_400)
    assert [round(part.duration_s, 3) for part in parts] == [0.08, 0.2, 0.08]


def test_sample_lasts_until_the_next_one() -> None:
    assert cut(VIDEO, [0, 90_000], 90_900)[0].duration_s == 1.0


def test_hole_in_audio_is_a_jump_and_no_stretched_sample() -> None:
    parts = cut(AUDIO, [0, 1024, 10_000, 11_024], 12_048, frame_ticks=1024)
    assert [part.duration_s * 48_000 for part in parts] == [2048, 2048]


def test_range_says_where_the_track_lies() -> None:
    cutting = TrackCut(VIDEO, 7, 0)
    cutting.add(Frame(0, 3600, 10_800, True, b"xy"))
    cutting.add(Frame(1, 7200, 7200, False, b"z"))
    cutting.finish(10_800)
    track = cutting.range(100)
    assert (track.offset, track.size_bytes) == (100, len(cutting.data()))
    assert (track.dts, track.pts, track.duration, track.samples) == (3600, 7200, 7200, 2)
