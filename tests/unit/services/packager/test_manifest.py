"""The DASH manifest, byte for byte against golden files, and as XML."""

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from services.packager.manifest import has_media, render_manifest
from tests.unit.services.packager.scenes import SCENES
from tests.unit.services.packager.windows import FIRST_MSN, SESSION, WindowMaker

GOLDEN = Path(__file__).parent / "golden"
NS = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}


@pytest.mark.parametrize("scene", SCENES)
def test_manifest_equals_its_golden_file(scene: str) -> None:
    window = SCENES[scene]()
    rendered = render_manifest(window, session=SESSION, rendition="source")
    assert rendered == (GOLDEN / f"{scene}.mpd").read_text()


def periods(maker: WindowMaker) -> list[ET.Element]:
    text = render_manifest(maker.window, session=SESSION, rendition="source")
    return ET.fromstring(text.encode()).findall("mpd:Period", NS)


def test_period_keeps_its_start_while_its_segments_leave_the_window() -> None:
    maker = WindowMaker(4)
    starts = set()
    for _ in range(12):
        maker.add()
        period = periods(maker)[0]
        starts.add((period.get("id"), period.get("start")))
    assert starts == {("0", "PT10S")}


def test_segment_numbers_are_media_sequence_numbers() -> None:
    maker = WindowMaker(4)
    for _ in range(9):
        maker.add()
    template = periods(maker)[0].find("mpd:AdaptationSet/mpd:SegmentTemplate", NS)
    assert template is not None
    assert template.get("startNumber") == str(FIRST_MSN)


def test_numbers_do_not_run_over_a_gap() -> None:
    maker = WindowMaker(8)
    maker.add()
    maker.lose(2, 4.0)
    maker.add()
    found = [
        (period.get("id"), template.get("startNumber"))
        for period in periods(maker)
        for template in period.findall("mpd:AdaptationSet/mpd:SegmentTemplate", NS)[:1]
    ]
    assert found == [("0", str(FIRST_MSN)), (f"0.{FIRST_MSN + 3}", str(FIRST_MSN + 3))]


def test_steady_period_tells_durations_and_lets_players_ask_early() -> None:
    maker = WindowMaker(4)
    for _ in range(9):
        maker.add_in_parts(10)
    template = periods(maker)[0].find("mpd:AdaptationSet/mpd:SegmentTemplate", NS)
    assert template is not None
    assert template.find("mpd:SegmentTimeline", NS) is None
    assert (template.get("duration"), template.get("timescale")) == ("2000000", "1000000")
    assert template.get("availabilityTimeOffset") == "1.790"
    assert template.get("availabilityTimeComplete") == "false"
    assert template.get("startNumber") == str(FIRST_MSN), "the anchor does not move"


def test_mean_of_a_long_period_is_exact() -> None:
    """29.97 frames a second in whole milliseconds: no segment may be told a frame off."""
    maker = WindowMaker(4)
    ends = [round(2002.002 * number) / 1000 for number in range(1801)]
    for before, after in pairwise(ends):
        maker.add(after - before)
    template = periods(maker)[0].find("mpd:AdaptationSet/mpd:SegmentTemplate", NS)
    assert template is not None
    told_s = int(template.get("duration", "")) / 1_000_000
    for number in range(1796, 1801):
        assert abs(number * told_s - ends[number]) < 0.002


def test_period_ends_where_the_cadence_does_and_a_new_one_begins_where_it_is_back() -> None:
    maker = WindowMaker(20)
    for duration_s in (2.0, 2.0, 2.05, 3.1, 0.9, 2.0, 2.02, 2.0):
        maker.add(duration_s)
    found = [
        (period.get("id"), period.find("mpd:AdaptationSet/mpd:SegmentTemplate", NS))
        for period in periods(maker)
    ]
    assert [
        (name, template is not None and template.get("duration") is not None)
        for name, template in found
    ] == [("0", True), (f"0.{FIRST_MSN + 3}", False), (f"0.{FIRST_MSN + 6}", True)]


def test_lead_in_is_not_told_of() -> None:
    maker = WindowMaker(20)
    maker.add(0.4, is_lead_in=True)
    maker.add(1.6, is_lead_in=True, is_independent=False)
    assert not has_media(maker.window)
    maker.timeline, maker.timeline_msn = maker.at, maker.msn
    maker.add()
    assert has_media(maker.window)
    (period,) = periods(maker)
    template = period.find("mpd:AdaptationSet/mpd:SegmentTemplate", NS)
    assert template is not None
    assert template.get("startNumber") == str(FIRST_MSN + 2)
    assert period.get("start") == "PT12S"


def test_taker_over_tells_the_same_period() -> None:
    """It begins in the middle of the timeline, whose beginning the cutter knows."""
    first, second = WindowMaker(4), WindowMaker(4)
    for number in range(12):
        cut = first.add()
        if number >= 6:
            second.window.take(cut)
    assert ET.tostring(periods(first)[0]) == ET.tostring(periods(second)[0])
