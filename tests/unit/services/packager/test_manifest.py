"""The DASH manifest, byte for byte against golden files, and as XML."""

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from services.packager.manifest import has_media, render_manifest
from tests.unit.services.packager.scenes import SCENES
from tests.unit.services.packager.windows import FIRST_MSN, SESSION, WALL_MS, WindowMaker

NOW_MS = WALL_MS + 12_000
GOLDEN = Path(__file__).parent / "golden"
NS = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}


@pytest.mark.parametrize("scene", SCENES)
def test_manifest_equals_its_golden_file(scene: str) -> None:
    window = SCENES[scene]()
    rendered = render_manifest(window, session=SESSION, rendition="source", now_ms=NOW_MS)
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
    for duration_s in (2.0, 2.0, 2.05, 3.1, 0.9, 2.0, 2.02, 2.0, 2.0):
        maker.add(duration_s)
    found = [
        (period.get("id"), period.find("mpd:AdaptationSet/mpd:SegmentTemplate", NS))
        for period in periods(maker)
    ]
    assert [
        (name, template is not None and template.get("duration") is not None)
        for name, template in found
    ] == [("0", True), (f"0.{FIRST_MSN + 3}", False), (f"0.{FIRST_MSN + 8}", True)]


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


def test_cadence_that_comes_and_goes_is_no_steady_one() -> None:
    """Segments of an uneven GOP: to players every change of a period is a fresh start."""
    maker = WindowMaker(20)
    for duration_s in (2.0, 3.1, 3.1, 0.9, 3.1, 3.1, 0.9, 3.1, 3.1, 3.1, 0.9):
        maker.add(duration_s)
    assert [period.get("id") for period in periods(maker)] == ["0", f"0.{FIRST_MSN + 1}"]


def test_lead_in_of_a_long_gop_is_told_of() -> None:
    """It has the only keyframe for seconds."""
    maker = WindowMaker(20)
    maker.add(0.4, is_lead_in=True)
    maker.add(3.4, is_lead_in=True, is_independent=False)
    assert not has_media(maker.window)
    maker.add(3.4, is_lead_in=True, is_independent=False)
    assert has_media(maker.window)
    maker.add(0.8, is_lead_in=True, is_independent=False)
    maker.timeline, maker.timeline_msn = maker.at, maker.msn
    maker.add()
    lead, regular = periods(maker)
    assert (lead.get("id"), lead.get("duration")) == ("0.lead", "PT8S")
    assert lead.find("mpd:AdaptationSet/mpd:SegmentTemplate/mpd:SegmentTimeline", NS) is not None
    template = regular.find("mpd:AdaptationSet/mpd:SegmentTemplate", NS)
    assert template is not None
    assert (regular.get("start"), template.get("duration")) == ("PT18S", "2000000")


@pytest.mark.parametrize(
    ("segments", "at_s", "delay_s"),
    [(5, 10, 1.75), (5, 11.9, 3.65), (6, 13, 4.75), (8, 17.9, 9.65), (9, 18, 1.75)],
)
def test_players_begin_at_a_keyframe_where_not_every_segment_has_one(
    segments: int, at_s: float, delay_s: float
) -> None:
    maker = WindowMaker(20)
    for number in range(segments):
        maker.add(is_independent=number % 4 == 0)
    now_ms = WALL_MS + at_s * 1000
    root = ET.fromstring(
        render_manifest(maker.window, session=SESSION, rendition="source", now_ms=now_ms)
    )
    assert root.get("suggestedPresentationDelay") == f"PT{delay_s:g}S"
    latency = root.find("mpd:ServiceDescription/mpd:Latency", NS)
    assert latency is not None
    assert latency.get("target") == f"{delay_s * 1000:.0f}"


@pytest.mark.parametrize("later_s", [0.0, 0.5, 0.8])
def test_players_that_come_within_the_first_gop_begin_at_its_keyframe(later_s: float) -> None:
    """Its segment is short, and they see both delay and window from their own clock, later."""
    maker = WindowMaker(20)
    maker.add(0.4, is_lead_in=True)
    for _ in range(2):
        maker.add(3.48, is_lead_in=True, is_independent=False)
    at_s = 17.9
    text = render_manifest(
        maker.window, session=SESSION, rendition="source", now_ms=WALL_MS + (at_s - 10) * 1000
    )
    root = ET.fromstring(text)
    delay_s, depth_s = (
        float(root.get(name, "").removeprefix("PT").removesuffix("S"))
        for name in ("suggestedPresentationDelay", "timeShiftBufferDepth")
    )
    assert at_s + later_s - delay_s < 10.4
    assert at_s + later_s - depth_s < 10


def test_taker_over_tells_the_same_period() -> None:
    """It begins in the middle of the timeline, whose beginning the cutter knows."""
    first, second = WindowMaker(4), WindowMaker(4)
    for number in range(12):
        cut = first.add()
        if number >= 6:
            second.window.take(cut)
    assert ET.tostring(periods(first)[0]) == ET.tostring(periods(second)[0])
