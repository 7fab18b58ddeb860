"""What rows count, on made-up figures."""

from typing import Any

import pytest

from bench.rows.row14 import stored
from bench.rows.row16 import Recorded
from bench.rows.row18 import WEEK_H, WINDOW_MS, Filled, random_windows
from bench.two_variants import Film
from bench.verdict import Line


def test_windows_are_distinct_lie_within_the_log_and_are_the_same_for_all() -> None:
    filled = Filled("sqlite:///", WEEK_H, 1_000_000, ("cam-1", "cam-2", "cam-3"))
    windows = random_windows(filled, 500, seed=3)
    assert len(set(windows)) == 500
    assert windows == random_windows(filled, 500, seed=3)
    assert windows != random_windows(filled, 500, seed=4)
    assert {window.stream for window in windows} == set(filled.streams)
    begin_ms, end_ms = 1_000_000_000, 1000 * (1_000_000 + WEEK_H * 3600)
    assert all(begin_ms < each.from_ms <= end_ms - WINDOW_MS for each in windows)


def test_segment_that_the_store_lacks_waits_for_ever_and_its_frames_are_lost() -> None:
    rows = [
        {
            "starts_at": f"2031-05-06T07:08:{second:02}Z",
            "duration_s": 2.0,
            "object_key": f"{second}",
            "tracks": [{"kind": "video", "samples": 50}, {"kind": "audio", "samples": 94}],
        }
        for second in (0, 2, 4)
    ]
    begin = 1_935_817_680.0  # the first row's start
    recorded = Recorded(rows, {"0": begin + 2.5, "4": begin + 6.25})
    assert recorded.waits_s(begin, begin + 60) == [
        pytest.approx(0.5), float("inf"), pytest.approx(0.25),
    ]  # fmt: skip
    assert len(recorded.waits_s(begin + 3, begin + 5)) == 1
    assert recorded.stored_frames == 100


def test_both_variants_of_a_rung_are_held_against_the_rung_alone() -> None:
    marked = {"source": 9_000_000, "source--b": 9_000_000, "1080p": 4_000_000}
    plain = {"source": 2_600_000, "1080p": 4_000_000}

    def line_of(size_of_b: int) -> Line:
        unused: Any = None
        both = marked | {"1080p--b": size_of_b}
        return stored(*(Film(unused, "asset", [], 10, each) for each in (both, plain)))

    line = line_of(4_400_000)
    assert line.ratio is not None
    assert (line.ours, line.theirs) == (8.4, 4.0)
    assert line.ratio.median == pytest.approx(2.1)
    assert line.verdict == "holds"
    assert "4.00" in line.note
    assert line_of(4_500_000).verdict == "fails"
