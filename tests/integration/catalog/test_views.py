"""Windows of wall-clock time over the segment log, on both databases."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from libs.events import (
    GetSession,
    ListRenditions,
    ListRuns,
    ListTracks,
    ListWindow,
    LoggedRun,
    OutlineWindow,
    SegmentReady,
    WindowOutline,
    WindowPage,
)
from libs.names import DEFAULT_TENANT
from services.catalog import views
from services.catalog.errors import CursorInvalid, SessionUnknown
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import AUDIO, START, VIDEO, Said


async def window(
    catalog: Catalog, first_s: float, last_s: float, *, rendition: str = "source",
    after: str | None = None, limit: int = 1000,
) -> WindowPage:  # fmt: skip
    written = await catalog.answers.list_window(
        ListWindow(
            tenant=DEFAULT_TENANT,
            stream="cam-1",
            rendition=rendition,
            from_at=START + timedelta(seconds=first_s),
            until_at=START + timedelta(seconds=last_s),
            after=after,
            limit=limit,
        )
    )
    return WindowPage.model_validate_json(written.body)


@pytest.fixture
async def said(catalog: Catalog) -> Said:
    """Ten segments of the source and the last five of a rung."""
    await catalog.create()
    said = Said(await catalog.open())
    await catalog.facts.rendition_started(said.rendition_started())
    for index in range(10):
        await catalog.facts.segment_ready(said.ready(index))
    for index in range(5, 10):
        await catalog.facts.segment_ready(said.ready(index, "480p"))
    return said


async def test_window_holds_the_rows_that_start_in_it(catalog: Catalog, said: Said) -> None:
    page = await window(catalog, 4, 12)
    assert [row.msn - said.first_msn for row in page.segments] == [2, 3, 4, 5]
    assert page.next_after is None
    assert page.segments[0] == said.ready(2).segment


async def test_window_is_read_in_pages(catalog: Catalog, said: Said) -> None:
    found, after = [], None
    for _ in range(4):
        page = await window(catalog, 0, 60, after=after, limit=3)
        found += [row.msn - said.first_msn for row in page.segments]
        after = page.next_after
    assert found == list(range(10))
    assert after is None


async def test_window_of_a_rung_has_its_rows_only(catalog: Catalog, said: Said) -> None:
    page = await window(catalog, 0, 60, rendition="480p")
    assert [row.msn - said.first_msn for row in page.segments] == [5, 6, 7, 8, 9]


async def outline(catalog: Catalog, first_s: float, last_s: float, **more: Any) -> WindowOutline:
    ask = OutlineWindow(
        tenant=DEFAULT_TENANT,
        stream="cam-1",
        rendition=more.get("rendition", "source"),
        from_at=START + timedelta(seconds=first_s),
        until_at=START + timedelta(seconds=last_s),
    )
    return WindowOutline.read((await catalog.answers.outline_window(ask)).body)


async def test_outline_tells_of_the_rows_of_the_window(catalog: Catalog, said: Said) -> None:
    for rendition in ("source", "480p"):
        rows = (await window(catalog, 4, 14, rendition=rendition)).segments
        page = await outline(catalog, 4, 14, rendition=rendition)
        assert page.next_from_at is None
        assert len(page.rows) == len(rows)
        for told, row in zip(page.rows, rows, strict=True):
            assert {name: getattr(row, name) for name in told._fields[:-3]} == {
                name: getattr(told, name) for name in told._fields[:-3]
            }
            assert datetime.fromisoformat(told.starts_at) == row.starts_at
            configs = {track.kind: track.config_id for track in row.tracks}
            assert (told.video, told.audio) == (configs.get("video"), configs.get("audio"))
    assert await outline(catalog, 300, 400) == WindowOutline(rows=())


async def test_outline_as_it_is_read_is_what_its_type_says(catalog: Catalog, said: Said) -> None:
    page = await outline(catalog, 0, 60)
    assert len(page.rows) == 10
    assert WindowOutline.model_validate_json(page.model_dump_json()) == page
    for row in page.rows:
        assert [type(value) for value in row[:8]] == [str, str, int, int, float, bool, int, str]
        assert datetime.fromisoformat(row.starts_at).utcoffset() == timedelta(0)


async def test_outlines_that_are_asked_for_together_share_the_pool(
    catalog: Catalog, said: Said
) -> None:
    asked = [outline(catalog, 0, 60) for _ in range(40)]
    assert [len(page.rows) for page in await asyncio.gather(*asked)] == [10] * 40
    found = await catalog.answers.get_session(
        GetSession(tenant=DEFAULT_TENANT, id=said.grant.session)
    )
    assert found.segments == 10


async def test_outline_of_a_long_window_says_where_its_rest_begins(
    catalog: Catalog, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE_ROWS", 3)
    found, first_s = [], 0.0
    for _ in range(4):
        page = await outline(catalog, first_s, 60)
        found += [row.msn - said.first_msn for row in page.rows]
        if page.next_from_at is not None:
            first_s = (page.next_from_at - START).total_seconds()
    assert found == list(range(10))
    assert page.next_from_at is None


async def runs(
    catalog: Catalog, first_s: float, last_s: float, **more: Any
) -> tuple[list[LoggedRun], str | None]:
    ask = ListRuns(
        tenant=DEFAULT_TENANT,
        stream="cam-1",
        from_at=START + timedelta(seconds=first_s),
        until_at=START + timedelta(seconds=last_s),
        **more,
    )
    found = await catalog.answers.list_runs(ask)
    return list(found.runs), found.next_after


async def test_runs_of_a_window_end_at_holes_and_sessions(catalog: Catalog, said: Said) -> None:
    for index in (11, 12):
        await catalog.facts.segment_ready(said.ready(index))
    await catalog.facts.session_ended(said.ended())
    catalog.clock.pass_s(100)
    other = Said(await catalog.open())
    row = other.ready(0).segment
    later = row.model_copy(update={"starts_at": row.starts_at + timedelta(seconds=40)})
    await catalog.facts.segment_ready(SegmentReady(segment=later))
    found, after = await runs(catalog, 5, 60)
    assert after is None
    assert [(run.session, run.first_msn, run.last_msn) for run in found] == [
        (said.grant.session, said.first_msn + 2, said.first_msn + 9),
        (said.grant.session, said.first_msn + 11, said.first_msn + 12),
        (other.grant.session, other.first_msn, other.first_msn),
    ]
    first = found[0]
    assert (first.starts_at, first.start_ms) == (said.ready(2).segment.starts_at, 14_004)
    assert first.end_ms == pytest.approx(10_000 + 10 * 2002)
    ends_s = (first.ends_at - said.ready(9).segment.starts_at).total_seconds()
    assert ends_s == pytest.approx(2.002)
    paged, after = [], None
    for _ in range(3):
        some, after = await runs(catalog, 5, 60, after=after, limit=1)
        paged += some
    assert (paged, after) == (found, None)
    assert await runs(catalog, 300, 400) == ([], None)


async def test_run_begins_with_the_keyframe_that_its_first_picture_needs(
    catalog: Catalog, said: Said
) -> None:
    """Also where the window begins in a hole."""
    for index in (10, 11, 13):
        row = said.ready(index).segment.model_copy(update={"is_independent": False})
        await catalog.facts.segment_ready(SegmentReady(segment=row))
    for from_s in (23, 25):
        found, _ = await runs(catalog, from_s, 60)
        assert found[0].first_msn == said.first_msn + 9, from_s


@pytest.mark.usefixtures("said")
async def test_cursor_from_nowhere_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CursorInvalid):
        await window(catalog, 0, 60, after="nonsense")
    with pytest.raises(CursorInvalid):
        await runs(catalog, 0, 60, after="nonsense")


async def test_renditions_of_a_view_have_their_rates_and_tracks(
    catalog: Catalog, said: Said
) -> None:
    ask = ListRenditions(tenant=DEFAULT_TENANT, stream="cam-1", session=said.grant.session)
    rung, source = (await catalog.answers.list_renditions(ask)).renditions
    assert (rung.rendition, rung.segments, rung.tracks) == ("480p", 5, ())
    assert (source.rendition, source.segments) == ("source", 10)
    assert set(source.tracks) == {VIDEO, AUDIO}
    assert (source.average_bps, source.peak_bps) == (7992, 8000)


async def test_tracks_of_sessions_are_told_once_each(catalog: Catalog, said: Said) -> None:
    ask = ListTracks(tenant=DEFAULT_TENANT, sessions=(said.grant.session, "00000001-00000001"))
    found = (await catalog.answers.list_tracks(ask)).tracks
    assert sorted(each.config_id for each in found) == sorted((VIDEO.config_id, AUDIO.config_id))


@pytest.mark.usefixtures("said")
async def test_renditions_of_a_window_are_those_within_it(catalog: Catalog) -> None:
    ask = ListRenditions(
        tenant=DEFAULT_TENANT, stream="cam-1", from_at=START, until_at=START + timedelta(seconds=4)
    )
    found = (await catalog.answers.list_renditions(ask)).renditions
    assert [(each.rendition, each.segments) for each in found] == [("source", 2)]


async def test_session_is_found_by_its_id(catalog: Catalog, said: Said) -> None:
    ask = GetSession(tenant=DEFAULT_TENANT, id=said.grant.session)
    session = await catalog.answers.get_session(ask)
    assert (session.stream, session.segments, session.ended_at) == ("cam-1", 10, None)


@pytest.mark.parametrize("session", ["00000001-00000001", "' OR 1=1--", "a\0b", ""])
async def test_unknown_session_is_not_found(catalog: Catalog, session: str) -> None:
    with pytest.raises(SessionUnknown):
        await catalog.answers.get_session(GetSession(tenant=DEFAULT_TENANT, id=session))
