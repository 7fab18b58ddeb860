"""Parts of one track: cut by media time, samples that last until the next."""

import pytest

from libs.cutting.cuts import Part
from libs.cutting.frames import Frame
from libs.cutting.part_rule import part_target_ms
from libs.cutting.track_cut import TrackCut
from libs.events import Track
from tests.oracles.boxes import read_samples
from tests.unit.services.packager.windows import AUDIO, VIDEO


def cut(
    track: Track,
    stamps: list[int],
    end: int,
    *,
    frame_ticks: int | None = None,
    start: int | None = None,
    goes_on: bool = False,
) -> list[Part]:
    cutting = TrackCut(track, 7, 0, frame_ticks=frame_ticks, start=start, goes_on=goes_on)
    parts = [
        part
        for number, dts in enumerate(stamps)
        for part in cutting.add(Frame(number, dts, dts, number == 0, b"x"))
    ]
    parts += cutting.finish(end)
    assert cutting.finish(end) == [], "it is finished once"
    parts += cutting.fill(end)
    assert cutting.range(5).duration == round(
        sum(part.duration_s for part in parts if not part.is_gap) * track.timescale
    )
    if track is VIDEO:
        assert_seamless(parts)
    return parts


def assert_seamless(parts: list[Part]) -> None:
    """What each part of video says it lasts, its samples last, and the next begins where it ends
    (unless something is missing in between).
    """
    at = None
    for part in parts:
        if part.is_gap:
            at = None
            continue
        begin, samples = read_samples(part.data)
        assert at in (None, begin)
        at = begin + sum(duration for duration, _ in samples)
        assert part.duration_s == (at - begin) / 90_000


def test_parts_close_before_they_are_too_long() -> None:
    parts = cut(VIDEO, [3600 * i for i in range(12)], 3600 * 12)
    assert [part.duration_s for part in parts] == [0.2, 0.2, 0.08]
    assert [part.index for part in parts] == [0, 1, 2]
    assert [part.is_independent for part in parts] == [True, False, False]


def test_part_is_closed_by_its_last_frame_and_not_by_the_next() -> None:
    cutting = TrackCut(VIDEO, 7, 0)
    closed = [
        len(cutting.add(Frame(number, dts, dts, number == 0, b"x")))
        for number, dts in enumerate(range(0, 3600 * 10, 3600))
    ]
    assert closed == [0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("late_ms", [-30, -4, -1, 1, 4, 40, 150])
def test_frame_that_comes_otherwise_than_expected_is_decoded_then_and_shown_in_time(
    late_ms: int,
) -> None:
    stamps = [3600 * i + (late_ms * 90 if i == 5 else 0) for i in range(10)]
    stamps = [
        dts if i < 6 else max(dts, stamps[5] + 3600 * (i - 5)) for i, dts in enumerate(stamps)
    ]
    parts = cut(VIDEO, stamps, stamps[-1] + 3600)
    shown = []
    for part in parts:
        at, samples = read_samples(part.data)
        for duration, composition in samples:
            shown.append(at + composition)
            at += duration
    assert shown == stamps
    assert read_samples(parts[1].data)[0] == 18_000, "decoded where the part before ended"


def test_error_of_one_part_is_not_handed_on() -> None:
    """29.97 frames a second in whole milliseconds: the guess is off by a third of one."""
    stamps = [round(1001 * i / 30) * 90 for i in range(3000)]
    cutting = TrackCut(VIDEO, 7, 0)
    ends = 0.0
    for number, dts in enumerate(stamps):
        for part in cutting.add(Frame(number, dts, dts, number == 0, b"x")):
            ends += part.duration_s
            assert 0 <= dts / 90_000 + 0.0334 - ends < 0.002
            assert 0.85 * 0.21 <= part.duration_s <= 0.21


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


def test_late_frame_makes_no_part_too_long() -> None:
    """A picture that stands still: decode time catches up, a part a frame."""
    parts = cut(VIDEO, [0, 3600, 7200, *(90_000 + 3600 * i for i in range(12))], 133_200)
    assert all(0.85 * 0.21 <= part.duration_s <= 0.21 for part in parts[:-1])
    assert sum(part.duration_s for part in parts) == pytest.approx(133_200 / 90_000)


def test_frames_that_are_rarer_than_parts_still_fill_them() -> None:
    parts = cut(VIDEO, [90_000 * i for i in range(4)], 360_000)
    assert all(part.duration_s <= 0.21 for part in parts)


def test_hole_in_audio_is_listed_and_no_sample_is_stretched() -> None:
    parts = cut(AUDIO, [0, 1024, 30_000, 31_024], 32_048, frame_ticks=1024)
    assert [round(part.duration_s * 48_000) for part in parts] == [2048, 9317, 9317, 9318, 2048]
    assert [part.is_gap for part in parts] == [False, True, True, True, False]
    assert [part.index for part in parts] == [0, 1, 2, 3, 4]


def test_small_hole_in_audio_belongs_to_the_part_that_it_is_in() -> None:
    parts = cut(AUDIO, [0, 1024, 5000, 6024], 7048, frame_ticks=1024)
    assert [round(part.duration_s * 48_000) for part in parts] == [7048]


@pytest.mark.parametrize("track", [VIDEO, AUDIO])
def test_missing_beginning_and_end_of_a_track_are_listed(track: Track) -> None:
    second = track.timescale
    step = 1024 if track is AUDIO else None
    stamps = [second + i * second // 50 for i in range(10)]
    parts = cut(track, stamps, 2 * second, frame_ticks=step, start=0)
    gaps = [part.duration_s for part in parts if part.is_gap]
    assert parts[0].is_gap
    assert parts[-1].is_gap
    assert all(gap <= 0.21 for gap in gaps)
    assert sum(part.duration_s for part in parts) == pytest.approx(2.0)


def test_video_that_goes_on_after_a_hole_is_decoded_without_one() -> None:
    parts = cut(VIDEO, [20_000, 23_600, 27_200, 30_800], 34_400, start=0, goes_on=True)
    assert not any(part.is_gap for part in parts)
    assert read_samples(parts[0].data)[0] == 0
    assert sum(part.duration_s for part in parts) == pytest.approx(34_400 / 90_000)


def test_range_says_where_the_track_lies() -> None:
    cutting = TrackCut(VIDEO, 7, 0)
    cutting.add(Frame(0, 3600, 10_800, True, b"xy"))
    cutting.add(Frame(1, 7200, 7200, False, b"z"))
    cutting.finish(10_800)
    track = cutting.range(100)
    assert (track.offset, track.size_bytes) == (100, len(cutting.data()))
    assert (track.dts, track.pts, track.duration, track.samples) == (3600, 7200, 7200, 2)
