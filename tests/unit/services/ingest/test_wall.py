import pytest

from services.ingest.wall import SLEW, ClockBehind, WallClock


class Wall:
    ms = 1_000_000.0

    def __call__(self) -> float:
        return self.ms


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def clock(wall: Wall) -> WallClock:
    return WallClock(wall_ms=wall)


def test_first_cue_is_now(clock: WallClock) -> None:
    assert clock.cue(10_000) == 1_000_000


def test_jitter_does_not_reach_the_cues(clock: WallClock, wall: Wall) -> None:
    clock.cue(10_000)
    for n, late in enumerate([30, -40, 400, 0, -300], start=1):
        wall.ms = 1_000_000 + n * 2000 + late
        assert clock.cue(10_000 + n * 2000) == 1_000_000 + n * 2000


@pytest.mark.parametrize("rate", [1.001, 0.999, 1.02])
def test_drift_of_the_encoder_is_followed_within_a_second(
    clock: WallClock, wall: Wall, rate: float
) -> None:
    for n in range(3600):
        wall.ms = 1_000_000 + n * 2000
        assert abs(clock.cue(10_000 + int(n * 2000 * rate)) - wall.ms) < 1000


def test_wall_time_only_rises_when_media_runs_faster_than_time(
    clock: WallClock, wall: Wall
) -> None:
    cues = [clock.cue(10_000 + n * 40) for n in range(1000)]
    assert cues == sorted(set(cues))
    assert cues[-1] - cues[0] >= 999 * 40 * (1 - SLEW) - 1


def test_leap_of_the_host_clock_is_walked_up_to(clock: WallClock, wall: Wall) -> None:
    first = clock.cue(10_000)
    wall.ms -= 3_600_000
    assert clock.cue(12_000) > first


def test_next_publish_takes_its_time_afresh_but_never_earlier(clock: WallClock, wall: Wall) -> None:
    clock.cue(10_000)
    clock.break_off()
    wall.ms += 9_000
    assert clock.cue(18_000) == 1_009_000
    clock.break_off()
    assert clock.cue(20_000) == 1_011_000


def test_clock_of_who_made_the_media_is_followed_until_its_publish_ends(
    clock: WallClock, wall: Wall
) -> None:
    clock.follow(500_000)
    assert clock.cue(10_000) == 500_000
    wall.ms += 60_000
    assert clock.cue(12_000) == 502_000
    clock.break_off()
    assert clock.cue(90_000) == wall.ms


def test_media_of_two_uploads_stand_as_far_apart_as_their_makers_clock_says(
    clock: WallClock,
) -> None:
    clock.follow(500_000)
    clock.cue(10_000)
    clock.break_off()
    clock.follow(502_000)
    assert clock.cue(70_000) == 502_000, "however long the second one was in coming"


def test_clock_behind_the_session_is_refused(clock: WallClock) -> None:
    clock.cue(10_000)
    with pytest.raises(ClockBehind):
        clock.follow(999_000)
