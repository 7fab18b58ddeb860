"""Windows of wall-clock time over the segment log, on both databases."""

from datetime import timedelta

import pytest

from libs.events import GetSession, ListRenditions, ListTracks, ListWindow, WindowPage
from libs.names import DEFAULT_TENANT
from services.catalog.errors import CursorInvalid, SessionUnknown
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import AUDIO, START, VIDEO, Said


async def window(
    catalog: Catalog, first_s: float, last_s: float, *, rendition: str = "source",
    after: str | None = None, limit: int = 1000,
) -> WindowPage:  # fmt: skip
    return await catalog.answers.list_window(
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


@pytest.mark.usefixtures("said")
async def test_cursor_from_nowhere_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CursorInvalid):
        await window(catalog, 0, 60, after="nonsense")


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
