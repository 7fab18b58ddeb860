"""Audio time by sample count."""

import itertools

from libs.cutting.sample_clock import SampleClock


def stamps(count: int, rate: int, start_ms: int = 10_000) -> list[int]:
    """Millisecond stamps of `count` frames, rounded as a publisher rounds them."""
    return [start_ms + i * 1024 * 1000 // rate for i in range(count)]


def test_frames_are_exactly_one_frame_apart_whatever_the_rounding() -> None:
    clock = SampleClock(44_100, 1024)
    placed = [clock.place(ms) for ms in stamps(5000, 44_100)]
    assert placed == [441_000 + 1024 * i for i in range(5000)]


def test_jitter_within_the_tolerance_changes_nothing() -> None:
    clock = SampleClock(48_000, 1024)
    jittered = [ms + (40 if i % 2 else -15) for i, ms in enumerate(stamps(100, 48_000))]
    first = clock.place(jittered[0])
    assert [clock.place(ms) for ms in jittered[1:]] == [first + 1024 * i for i in range(1, 100)]


def test_gap_starts_counting_anew() -> None:
    clock = SampleClock(48_000, 1024)
    assert clock.place(10_000) == 480_000
    assert clock.place(10_521) == 505_008
    assert clock.place(10_542) == 505_008 + 1024


def test_slow_drift_is_followed_in_half_frames_and_never_backwards() -> None:
    for speed in (0.999, 1.001):
        clock = SampleClock(48_000, 1024)
        placed, worst = [], 0.0
        for ms in stamps(30_000, 48_000):
            drifting = 10_000 + round((ms - 10_000) * speed)
            placed.append(clock.place(drifting))
            worst = max(worst, abs(placed[-1] / 48 - drifting))
        steps = {after - before for before, after in itertools.pairwise(placed)}
        assert steps <= {512, 1024, 1536}
        assert worst < 75


def test_stamp_far_behind_is_approached_not_jumped_to() -> None:
    clock = SampleClock(48_000, 1024)
    clock.place(20_000)
    assert [clock.place(10_000) for _ in range(3)] == [960_512, 961_024, 961_536]


def test_clock_goes_on_from_where_a_checkpoint_left_it() -> None:
    clock = SampleClock(48_000, 1024)
    clock.place(10_000)
    resumed = SampleClock(48_000, 1024, clock.next_pts)
    assert resumed.place(10_021) == clock.place(10_021)
