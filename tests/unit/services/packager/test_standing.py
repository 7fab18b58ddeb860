"""How far a session is packaged, by its window."""

import pytest

from services.packager.playlist import Surroundings
from services.packager.standing import standing_of
from services.packager.window import Window
from tests.unit.services.packager.windows import START_90K, WindowMaker

ALONE = Surroundings()
START_MS = START_90K // 90


def test_empty_window_has_none() -> None:
    assert standing_of(Window(6), ALONE) is None


def test_newest_part_is_ahead_of_the_newest_segment() -> None:
    maker = WindowMaker()
    maker.add_in_parts()
    maker.begin()
    for index in range(3):
        maker.part(index)
    standing = standing_of(maker.window, ALONE)
    assert standing is not None
    assert standing.segment_ms == START_MS + 2000
    assert standing.part_ms == START_MS + 2600
    assert standing.low_latency_ms == 630
    assert standing.hold_back_ms == 9000
    assert standing.dash_ms == 1500


def test_sound_alone_is_packaged_as_well() -> None:
    maker = WindowMaker(video=False)
    maker.add_in_parts()
    maker.begin()
    maker.part(0, "audio")
    standing = standing_of(maker.window, ALONE)
    assert standing is not None
    assert standing.part_ms == START_MS + 2200


def test_rungs_that_lag_hold_players_back() -> None:
    maker = WindowMaker()
    maker.add_in_parts()
    standing = standing_of(maker.window, Surroundings(hold_back_s=2.5))
    assert standing is not None
    assert standing.low_latency_ms == 2500


def test_without_parts_all_players_go_by_segments() -> None:
    maker = WindowMaker()
    maker.add(2)
    standing = standing_of(maker.window, ALONE)
    assert standing is not None
    assert standing.part_ms == standing.segment_ms
    assert standing.low_latency_ms == standing.hold_back_ms == pytest.approx(9000)
