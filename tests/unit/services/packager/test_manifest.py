"""The DASH manifest, byte for byte against golden files, and as XML."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from services.packager.manifest import render_manifest
from tests.unit.services.packager.scenes import SCENES
from tests.unit.services.packager.windows import FIRST_MSN, SESSION, WALL_MS, WindowMaker

GOLDEN = Path(__file__).parent / "golden"
NS = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}
NOW_MS = WALL_MS + 20_000


@pytest.mark.parametrize("scene", SCENES)
def test_manifest_equals_its_golden_file(scene: str) -> None:
    window = SCENES[scene]()
    rendered = render_manifest(window, session=SESSION, rendition="source", now_ms=NOW_MS)
    assert rendered == (GOLDEN / f"{scene}.mpd").read_text()


def periods(maker: WindowMaker) -> list[ET.Element]:
    text = render_manifest(maker.window, session=SESSION, rendition="source", now_ms=NOW_MS)
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
    assert template.get("startNumber") == str(FIRST_MSN + 4)


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
