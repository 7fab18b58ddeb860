"""What there is of a stream between two times, and why not more, on both databases."""

from datetime import timedelta

import pytest

from libs.events import (
    CreateHold,
    DiscardSession,
    GetSession,
    ListDiscards,
    SegmentReady,
    ShowTimeline,
    Timeline,
    TimelineGap,
)
from libs.names import DEFAULT_TENANT
from services.catalog import discards
from services.catalog.deleting import Deleting
from services.catalog.errors import SessionNotOver
from services.catalog.retention import Retention, Room, Rules
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, Said


async def on_air(catalog: Catalog, *indices: int) -> Said:
    await catalog.create()
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    await catalog.facts.rendition_started(said.rendition_started())
    for index in indices:
        await catalog.facts.segment_ready(said.ready(index))
    return said


async def shown(
    catalog: Catalog, from_s: float = 0, until_s: float = 3600, **more: object
) -> Timeline:
    ask = ShowTimeline(
        tenant=DEFAULT_TENANT,
        stream="cam-1",
        from_at=START + timedelta(seconds=from_s),
        until_at=START + timedelta(seconds=until_s),
    )
    return await catalog.answers.show_timeline(ask.model_copy(update=more))


def times(gap: TimelineGap) -> tuple[int, int, str, str | None]:
    """Begin and end in whole seconds, what it is and why."""
    begin, end = (round((at - START).total_seconds()) for at in (gap.from_at, gap.until_at))
    return begin, end, gap.kind, gap.cause


async def test_session_lasts_from_its_first_to_its_last_row(catalog: Catalog) -> None:
    said = await on_air(catalog, *range(5))
    (session,) = (await shown(catalog)).sessions
    assert (session.session, session.is_open, session.gaps) == (said.grant.session, True, ())
    assert round((session.until_at - session.from_at).total_seconds(), 3) == 10.01
    await catalog.facts.session_ended(said.ended("kicked"))
    (session,) = (await shown(catalog)).sessions
    assert (session.is_open, session.cause) == (False, "kicked")
    assert (await shown(catalog, 40)).sessions == ()
    assert (await shown(catalog, -60, 0)).sessions == ()


async def test_gap_tells_its_cause_and_hole_that_nobody_knows_it(catalog: Catalog) -> None:
    said = await on_air(catalog, 0, 1, 4, 5, 7)
    await catalog.facts.segment_lost(said.lost(2, 3))
    (session,) = (await shown(catalog)).sessions
    assert [times(gap) for gap in session.gaps] == [
        (4, 8, "lost", "replay_window_passed"),
        (12, 14, "lost", None),
    ]


async def test_what_retention_took_is_a_gap_from_the_beginning(catalog: Catalog) -> None:
    said = await on_air(catalog, *range(5))
    await catalog.facts.session_ended(said.ended())
    catalog.clock.now = START + timedelta(hours=1, seconds=4)
    await Retention(catalog.database, catalog.clock, Rules(hours=1), Room()).tick()
    (session,) = (await shown(catalog)).sessions
    assert [times(gap) for gap in session.gaps] == [(0, 4, "lost", "retention")]


async def test_publisher_that_was_away_leaves_a_gap_with_the_end_of_its_publish(
    catalog: Catalog,
) -> None:
    said = await on_air(catalog, *range(5))
    await catalog.facts.stream_unpublished(said.unpublished("connection_lost"))
    catalog.clock.now = START + timedelta(seconds=25)
    again = Said(await catalog.open(held=said.grant.session))
    assert again.grant.session == said.grant.session
    back_at = START + timedelta(seconds=25)
    back = again.published().model_copy(update={"started_at": back_at})
    await catalog.facts.stream_published(back)
    row = said.ready(5).segment.model_copy(
        update={"starts_at": back_at, "generation": again.grant.generation}
    )
    await catalog.facts.segment_ready(SegmentReady(segment=row))
    (session,) = (await shown(catalog)).sessions
    assert [times(gap) for gap in session.gaps] == [(10, 25, "away", "connection_lost")]
    assert (session.until_at - back_at).total_seconds() == 2.002


async def test_sessions_come_in_pages(catalog: Catalog) -> None:
    said = await on_air(catalog, 0)
    await catalog.facts.session_ended(said.ended())
    catalog.clock.pass_s(100)
    other = Said(await catalog.open())
    await catalog.facts.stream_published(other.published())
    page = await shown(catalog, limit=1)
    assert [each.session for each in page.sessions] == [said.grant.session]
    assert page.next_after == said.grant.session
    page = await shown(catalog, limit=1, after=page.next_after)
    assert [each.session for each in page.sessions] == [other.grant.session]
    assert page.next_after is None


async def test_deleted_recording_leaves_a_gap_and_what_is_held(catalog: Catalog) -> None:
    said = await on_air(catalog, *range(40))
    ask = DiscardSession(tenant=DEFAULT_TENANT, session=said.grant.session)
    with pytest.raises(SessionNotOver):
        await catalog.answers.discard_session(ask)
    ended = said.ended().model_copy(update={"ended_at": START + timedelta(seconds=80)})
    await catalog.facts.session_ended(ended)
    catalog.clock.now = START + timedelta(seconds=90)
    # It may be a segment of a minute that reaches into the hold.
    hold = CreateHold(
        tenant=DEFAULT_TENANT,
        stream="cam-1",
        from_at=START + timedelta(seconds=70),
        until_at=START + timedelta(seconds=71),
    )
    await catalog.answers.create_hold(hold)
    gone = await catalog.answers.discard_session(ask)
    assert (gone.size_bytes, gone.is_all) == (9 * 2000, True)
    (session,) = (await shown(catalog)).sessions
    assert session.size_bytes == 31 * 2000
    assert [times(gap) for gap in session.gaps] == [
        (0, 10, "lost", "deleted"),
        (72, 80, "lost", "deleted"),
    ]
    due = ListDiscards()
    assert (await catalog.answers.list_discards(due)).keys == ()
    catalog.clock.pass_s(61)
    assert len((await catalog.answers.list_discards(due)).keys) == 9


async def test_long_recording_is_deleted_whatever_becomes_of_who_asked(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discards, "BATCH_ROWS", 4)
    said = await on_air(catalog, *range(10))
    await catalog.facts.session_ended(said.ended())
    deleting, session = Deleting(catalog.database, catalog.clock), said.grant.session
    get = GetSession(tenant=DEFAULT_TENANT, id=session)
    await deleting.tick()
    assert (await catalog.answers.get_session(get)).segments == 10, "nobody has asked"
    ask = DiscardSession(tenant=DEFAULT_TENANT, session=session)
    assert not (await catalog.answers.discard_session(ask)).is_all
    begun = await catalog.answers.get_session(get)
    assert (begun.is_deleting, begun.segments) == (True, 6)
    await deleting.tick()
    done = await catalog.answers.get_session(get)
    assert (done.is_deleting, done.segments, done.size_bytes) == (False, 0, 0)
