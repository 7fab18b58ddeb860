"""Which rows a window of wall-clock time plays."""

from datetime import timedelta

import pytest

from services.gateway.views.listing import outline_of
from services.gateway.views.log import Log
from services.gateway.views.span import MAX_SPAN, Span, read_span
from services.gateway.views.window import outline_window, read_window, render_window
from tests.unit.services.gateway.views.logged import AT, FIRST, VIDEO, MemoryCatalog, row

LATER = f"{FIRST + 60:08x}-0a0b0c0d"


def span(first_s: float, last_s: float) -> Span:
    return Span(AT + timedelta(seconds=first_s), AT + timedelta(seconds=last_s))


async def indices(catalog: MemoryCatalog, asked: Span, rendition: str = "source") -> list[int]:
    """Of the rows of the window, which are those that its playlist tells of."""
    log = Log(catalog, "default")
    rows = await read_window(log, "cam", rendition, asked)
    assert await outline_window(log, "cam", rendition, asked) == [outline_of(row) for row in rows]
    return [each.msn - FIRST for each in rows]


@pytest.fixture
def catalog() -> MemoryCatalog:
    made = MemoryCatalog()
    made.rows = [row(index) for index in range(10)]
    return made


async def test_window_begins_with_the_segment_that_holds_its_start(catalog: MemoryCatalog) -> None:
    assert await indices(catalog, span(5, 9)) == [2, 3, 4]


async def test_end_is_not_in_the_window(catalog: MemoryCatalog) -> None:
    assert await indices(catalog, span(4, 8)) == [2, 3]


async def test_window_begins_at_the_keyframe_that_its_first_picture_needs() -> None:
    catalog = MemoryCatalog()
    catalog.rows = [row(index, is_independent=index % 4 == 0) for index in range(10)]
    assert await indices(catalog, span(13, 16)) == [4, 5, 6, 7]


async def test_without_a_keyframe_before_it_begins_at_the_next() -> None:
    catalog = MemoryCatalog()
    catalog.rows = [row(index, is_independent=index == 3) for index in range(6)]
    assert await indices(catalog, span(1, 12)) == [3, 4, 5]


async def test_window_spans_sessions(catalog: MemoryCatalog) -> None:
    catalog.rows += [row(index, session=LATER) for index in range(2)]
    rows = await outline_window(Log(catalog, "default"), "cam", "source", span(17, 70))
    assert [each.session[:8] for each in rows] == ["69573000"] * 2 + [LATER[:8]] * 2
    body = render_window(rows, "video") or b""
    assert body.count(b"#EXT-X-DISCONTINUITY\n") == 1


async def test_start_within_a_gap_begins_behind_it(catalog: MemoryCatalog) -> None:
    catalog.rows += [row(index, session=LATER, is_independent=True) for index in range(2)]
    assert await indices(catalog, span(40, 70)) == [60, 61]


async def test_rung_that_lacks_a_segment_has_a_gap_there(catalog: MemoryCatalog) -> None:
    catalog.rows.append(row(1, rendition="480p", tracks=(VIDEO,)))
    rows = await outline_window(Log(catalog, "default"), "cam", "480p", span(0, 6))
    assert (render_window(rows, "video") or b"").count(b"#EXT-X-GAP") == 2


async def test_rung_has_the_rows_of_the_source_with_its_own_tracks(catalog: MemoryCatalog) -> None:
    catalog.rows.append(row(1, rendition="480p", tracks=(VIDEO,)))
    assert await indices(catalog, span(0, 6), "480p") == [0, 1, 2]


async def test_window_that_needs_several_answers_is_read_whole() -> None:
    catalog = MemoryCatalog(page=3)
    catalog.rows = [row(index) for index in range(10)]
    assert await indices(catalog, span(0, 20)) == list(range(10))


async def test_nothing_recorded_is_nothing_to_play(catalog: MemoryCatalog) -> None:
    rows = await outline_window(Log(catalog, "default"), "cam", "source", span(500, 600))
    assert render_window(rows, "video") is None


def test_span_is_read_as_it_is_written() -> None:
    assert str(read_span("1767323045000-1767323105500", now=AT)) == "1767323045000-1767323105500"


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (Span(AT, AT), "ends after"),
        (Span(AT, AT - timedelta(seconds=1)), "ends after"),
        (Span(AT, AT + MAX_SPAN + timedelta(seconds=1)), "24 hours"),
    ],
)
def test_senseless_span_says_why(asked: Span, word: str) -> None:
    assert word in (asked.trouble or "")
