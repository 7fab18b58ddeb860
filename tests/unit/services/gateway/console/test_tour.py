"""Every page, every part of one, and every window of the console is looked at on the tour."""

import re

from tests.messages import CONSOLE
from tests.tour import DIALOGS, PARTS, STOPS

SOURCES = CONSOLE / "src/console"
NAMES = {stop.name for stops in STOPS.values() for stop in stops}


def _quoted(source: str, begin: str, end: str) -> set[str]:
    """The strings between these two."""
    text = source.partition(begin)[2].partition(end)[0]
    return set(re.findall(r'"(\w+)"', text))


def test_tour_stops_at_every_page_and_part() -> None:
    place = (SOURCES / "place.ts").read_text()
    pages, parts = _quoted(place, "export type Page =", ";"), _quoted(place, "PARTS = [", "]")
    assert "streams" in pages
    assert "push" in parts
    assert set(STOPS) == pages
    assert set(PARTS) == parts
    assert {f"part-{part}" for part in parts} <= NAMES


def test_tour_stops_at_every_window() -> None:
    assert _sources_with(r"<Modal\b") == {"Dialog"}
    assert set(DIALOGS) == _sources_with(r"<Dialog\b")
    assert set(DIALOGS.values()) <= NAMES


def _sources_with(pattern: str) -> set[str]:
    return {file.stem for file in SOURCES.rglob("*.tsx") if re.search(pattern, file.read_text())}
