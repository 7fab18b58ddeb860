"""Where the segments of an asset are in a leak, of which only small pictures are looked at."""

import numpy as np

from libs.forensic.detector.grey import SMALL_HEIGHT, SMALL_WIDTH, Grey
from libs.forensic.detector.whereabouts import RATE, Place, find
from tests.unit.libs.forensic.detector.scenes import draw_scene

SEGMENT_S = 2.0
COUNT = 60


def draw_moments() -> Grey:
    """Two minutes in which every segment looks different, and changes a little all the time."""
    scenes = [draw_scene(at, SMALL_HEIGHT, SMALL_WIDTH + 20) for at in range(COUNT)]
    shifts = range(int(SEGMENT_S * RATE))
    return np.stack([scene[:, at : at + SMALL_WIDTH] for scene in scenes for at in shifts])


MOMENTS = draw_moments()
STARTS_S = np.arange(COUNT) * SEGMENT_S
FIRSTS = MOMENTS[:: int(SEGMENT_S * RATE)]


def noisy(moments: Grey) -> Grey:
    noise = np.random.default_rng(1).standard_normal(moments.shape, np.float32)
    spoilt: Grey = moments + 8 * noise
    return spoilt


def times(places: list[Place]) -> dict[int, float]:
    return {place.segment: round(place.at_s, 1) for place in places}


def test_leak_that_begins_anywhere_is_found() -> None:
    places = find(STARTS_S, FIRSTS, noisy(MOMENTS[333:900]))
    found = times(places)
    assert found == {at: round(at * SEGMENT_S - 33.3, 1) for at in range(17, 45)}
    assert [place.segment for place in places] == sorted(found)


def test_what_was_cut_out_is_left_out_and_the_rest_is_found() -> None:
    leak = np.concatenate([MOMENTS[100:400], MOMENTS[655:1100]])
    found = times(find(STARTS_S, FIRSTS, noisy(leak)))
    assert {at: found.get(at) for at in range(6, 19)} == {at: at * 2.0 - 10 for at in range(6, 19)}
    later = {at: round(at * 2.0 - 65.5 + 30, 1) for at in range(34, 54)}
    assert {at: found.get(at) for at in later} == later
    assert not set(found) & set(range(22, 32))


def test_another_film_is_not_found() -> None:
    other = np.stack(
        [draw_scene(1000 + at, SMALL_HEIGHT, SMALL_WIDTH) for at in range(60) for _ in range(20)]
    )
    assert find(STARTS_S, FIRSTS, other) == []


def test_still_scene_is_placed_by_what_is_around_it() -> None:
    still = MOMENTS.copy()
    still[400:600] = still[400]
    firsts = still[:: int(SEGMENT_S * RATE)]
    found = times(find(STARTS_S, firsts, noisy(still[333:900])))
    assert found == {at: round(at * SEGMENT_S - 33.3, 1) for at in range(17, 45)}
