import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    CheckSessions,
    DeleteStream,
    GetStream,
    ListSessions,
    OpenPublish,
    Session,
    SessionEnded,
    Stream,
    UpdateStream,
)
from libs.names import DEFAULT_TENANT, session_started_at_s
from services.catalog.errors import DatabaseDown, StreamBusy, StreamDisabled, StreamUnknown
from services.catalog.models import OutboxRow
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said


async def sessions_of(catalog: Catalog) -> list[Session]:
    page = await catalog.answers.list_sessions(ListSessions(stream="cam-1"))
    return list(page.sessions)


async def stream_of(catalog: Catalog) -> Stream:
    return await catalog.answers.get_stream(GetStream(tenant=DEFAULT_TENANT, id="cam-1"))


async def queued(catalog: Catalog) -> list[tuple[str, dict[str, Any]]]:
    async with catalog.database.transaction() as tx:
        rows = (await tx.execute(select(OutboxRow).order_by(OutboxRow.seq))).scalars()
        return [(row.type, row.data) for row in rows]


async def test_first_publish_opens_a_session(catalog: Catalog) -> None:
    await catalog.create(publishPolicy="reject", reconnectWindow=30, hls_time="4")
    grant = await catalog.open()
    assert (grant.stream, grant.generation) == ("cam-1", 1)
    assert (grant.policy, grant.reconnect_window_s) == ("reject", 30.0)
    assert session_started_at_s(grant.session) == int(catalog.clock.now.timestamp())
    (session,) = await sessions_of(catalog)
    assert (session.id, session.generation, session.segment_s) == (grant.session, 1, 4.0)
    assert (session.is_publishing, session.ended_at) == (False, None)


async def test_reconnect_to_the_holder_joins_its_session(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open()
    await catalog.facts.stream_published(Said(first).published())
    await catalog.facts.stream_unpublished(Said(first).unpublished("connection_lost"))
    second = await catalog.open(held=first.session)
    assert (second.session, second.generation) == (first.session, 2)
    assert not (await stream_of(catalog)).is_live
    await catalog.facts.stream_published(Said(second).published())
    (session,) = await sessions_of(catalog)
    assert (session.generation, session.is_publishing) == (2, True)


async def test_late_unpublish_does_not_end_the_newer_publish(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open()
    await catalog.facts.stream_published(Said(first).published())
    second = await catalog.open(held=first.session)
    await catalog.facts.stream_published(Said(second).published())
    await catalog.facts.stream_unpublished(Said(first).unpublished("taken_over"))
    assert (await stream_of(catalog)).is_live
    await catalog.facts.stream_unpublished(Said(second).unpublished())
    assert not (await stream_of(catalog)).is_live


async def test_late_end_of_an_old_session_does_not_end_the_newer_one(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open(ingest="ingest-1")
    await catalog.facts.stream_published(Said(first).published())
    second = await catalog.open(ingest="ingest-2")
    await catalog.facts.stream_published(Said(second).published())
    await catalog.facts.stream_unpublished(Said(first).unpublished("taken_over"))
    await catalog.facts.session_ended(Said(first).ended("taken_over"))
    stream = await stream_of(catalog)
    assert (stream.is_live, stream.live_session) == (True, second.session)


async def test_takeover_from_another_ingest_ends_its_session(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open(ingest="ingest-1")
    await catalog.facts.stream_published(Said(first).published())
    second = await catalog.open(ingest="ingest-2")
    assert second.session != first.session
    newest, oldest = await sessions_of(catalog)
    assert (newest.id, newest.ended_at) == (second.session, None)
    assert (oldest.id, oldest.cause) == (first.session, "taken_over")
    # Truth first, then the fact: it lies in the outbox of the same transaction.
    (ended,) = [data for kind, data in await queued(catalog) if kind == SessionEnded.name]
    assert (ended["session"], ended["cause"]) == (first.session, "taken_over")


async def test_session_that_its_own_ingest_does_not_hold_any_more_is_lost(
    catalog: Catalog,
) -> None:
    await catalog.create()
    first = await catalog.open()
    await catalog.facts.stream_published(Said(first).published())
    second = await catalog.open(held=None)
    assert second.session != first.session
    _, oldest = await sessions_of(catalog)
    assert (oldest.id, oldest.cause) == (first.session, "ingest_lost")


async def test_reject_refuses_a_second_publisher_while_one_is_on_air(catalog: Catalog) -> None:
    await catalog.create(publishPolicy="reject")
    first = await catalog.open(ingest="ingest-1")
    with pytest.raises(StreamBusy):
        await catalog.open(ingest="ingest-2")
    await catalog.facts.stream_published(Said(first).published())
    catalog.clock.pass_s(3600)
    for ingest, held in (("ingest-2", None), ("ingest-1", first.session)):
        with pytest.raises(StreamBusy):
            await catalog.open(ingest=ingest, held=held)
    (session,) = await sessions_of(catalog)
    assert (session.generation, session.is_publishing) == (1, True)


async def test_reject_lets_the_publisher_back_in(catalog: Catalog) -> None:
    await catalog.create(publishPolicy="reject")
    first = await catalog.open()
    await catalog.facts.stream_published(Said(first).published())
    await catalog.facts.stream_unpublished(Said(first).unpublished("connection_lost"))
    second = await catalog.open(held=first.session)
    assert second.session == first.session


async def test_reject_does_not_lock_out_after_a_grant_that_was_never_used(
    catalog: Catalog,
) -> None:
    await catalog.create(publishPolicy="reject")
    await catalog.open(ingest="ingest-1")
    catalog.clock.pass_s(11)
    await catalog.open(ingest="ingest-2")


async def test_reject_does_not_lock_out_after_the_ingest_was_restarted(catalog: Catalog) -> None:
    await catalog.create(publishPolicy="reject")
    first = await catalog.open()
    await catalog.facts.stream_published(Said(first).published())
    restarted = OpenPublish(stream="cam-1", ingest="new-name", origin_url="http://ingest-1:8000")
    grant = await catalog.answers.open_publish(restarted)
    assert grant.session != first.session


async def test_media_of_an_earlier_time_joins_no_session(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open()
    second = await catalog.open(held=first.session, is_earlier=True)
    assert second.session != first.session
    (ended,) = [each for each in await sessions_of(catalog) if each.ended_at is not None]
    assert (ended.id, ended.cause) == (first.session, "taken_over")


async def test_new_session_starts_after_every_msn_of_the_last(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open()
    await catalog.facts.segment_ready(Said(first).ready(500))
    second = await catalog.open()
    assert session_started_at_s(second.session) == session_started_at_s(first.session) + 501
    third = await catalog.open()
    assert session_started_at_s(third.session) == session_started_at_s(second.session) + 1


async def test_many_asks_at_once_get_a_generation_each_and_one_open_session(
    catalog: Catalog,
) -> None:
    await catalog.create()
    asks = (catalog.open(ingest=f"ingest-{number}") for number in range(12))
    grants = await asyncio.gather(*asks)
    assert sorted(grant.generation for grant in grants) == list(range(1, 13))
    is_open = [session for session in await sessions_of(catalog) if session.ended_at is None]
    latest = max(grants, key=lambda grant: grant.generation)
    assert [session.id for session in is_open] == [latest.session]


async def test_settings_changed_on_air_count_for_the_next_grant(catalog: Catalog) -> None:
    await catalog.create(publishPolicy="reject")
    first = await catalog.open()
    await catalog.facts.stream_published(Said(first).published())
    change = UpdateStream(
        tenant=DEFAULT_TENANT, id="cam-1", item={"publishPolicy": "takeover", "hls_time": 8}
    )
    await catalog.answers.update_stream(change)
    second = await catalog.open(ingest="ingest-2")
    assert second.policy == "takeover"
    newest, oldest = await sessions_of(catalog)
    assert (newest.segment_s, oldest.segment_s) == (8.0, 2.0)


async def test_sessions_are_listed_newest_first_in_pages(catalog: Catalog) -> None:
    await catalog.create()
    opened = []
    for _ in range(5):
        opened.append((await catalog.open()).session)
        catalog.clock.pass_s(7)
    seen: list[str] = []
    after: str | None = None
    while True:
        ask = ListSessions(tenant=DEFAULT_TENANT, stream="cam-1", after=after, limit=2)
        page = await catalog.answers.list_sessions(ask)
        seen += [session.id for session in page.sessions]
        if (after := page.next_after) is None:
            break
    assert seen == opened[::-1]
    for is_open, count in ((True, 1), (False, 4), (None, 5)):
        page = await catalog.answers.list_sessions(ListSessions(is_open=is_open))
        assert len(page.sessions) == count
    assert (await catalog.answers.list_sessions(ListSessions(tenant="other"))).sessions == ()
    from_at, until_at = catalog.clock.now - timedelta(seconds=21), catalog.clock.now
    for first, last, shown in (
        (None, None, opened),
        (from_at, None, opened[2:]),
        (None, from_at, opened[:2]),
        (from_at, until_at, opened[2:]),
        (until_at, None, opened[4:]),
    ):
        ask = ListSessions(tenant=DEFAULT_TENANT, from_at=first, until_at=last)
        page = await catalog.answers.list_sessions(ask)
        assert [session.id for session in page.sessions] == shown[::-1]
    hostile = await catalog.answers.list_sessions(ListSessions(stream="' OR 1=1--", after="a\0"))
    assert hostile.sessions == ()


async def test_catalog_that_has_no_schema_yet_refuses_for_now(catalog: Catalog) -> None:
    await catalog.create()
    catalog.database.hold()
    with pytest.raises(DatabaseDown):
        await catalog.open()
    catalog.database.open()
    await catalog.open()


async def on_air(catalog: Catalog, **item: Any) -> str:
    """The session of a stream that is being published."""
    await catalog.create(**item)
    grant = await catalog.open()
    await catalog.facts.stream_published(Said(grant).published())
    return grant.session


async def kicked(catalog: Catalog) -> list[str]:
    """The sessions whose end by an operator is queued to be said."""
    said = [data for kind, data in await queued(catalog) if kind == SessionEnded.name]
    return [data["session"] for data in said if data["cause"] == "kicked"]


async def test_deleting_a_stream_ends_what_is_on_air(catalog: Catalog) -> None:
    session = await on_air(catalog)
    await catalog.answers.delete_stream(DeleteStream(tenant=DEFAULT_TENANT, id="cam-1"))
    assert await kicked(catalog) == [session]
    with pytest.raises(StreamUnknown):
        await catalog.open(held=session)
    await catalog.create()
    assert (await catalog.open()).session != session


async def test_disabling_a_stream_ends_what_is_on_air_and_refuses_the_next(
    catalog: Catalog,
) -> None:
    session = await on_air(catalog)
    for value in (False, "false"):
        off = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item={"isEnabled": value})
        assert not (await catalog.answers.update_stream(off)).is_enabled
        with pytest.raises(StreamDisabled):
            await catalog.open(held=session)
    assert await kicked(catalog) == [session]
    on = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item={"isEnabled": True})
    assert (await catalog.answers.update_stream(on)).is_enabled
    assert (await catalog.open()).session != session


async def test_changing_another_field_kicks_nobody(catalog: Catalog) -> None:
    await on_air(catalog)
    change = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item={"name": "x", "isEnabled": ""})
    await catalog.answers.update_stream(change)
    assert await kicked(catalog) == []


async def test_check_tells_which_sessions_are_over_and_why(catalog: Catalog) -> None:
    session = await on_air(catalog)
    await catalog.create("cam-2")
    other = (await catalog.open("cam-2")).session
    await catalog.answers.delete_stream(DeleteStream(tenant=DEFAULT_TENANT, id="cam-1"))
    ask = CheckSessions(sessions=(session, other, "65536f00-deadbeef"))
    (ended,) = (await catalog.answers.check_sessions(ask)).ended
    assert (ended.session, ended.cause) == (session, "kicked")


async def test_reject_lets_in_once_the_holder_has_let_go(catalog: Catalog) -> None:
    session = await on_air(catalog, publishPolicy="reject")
    catalog.gone_ingests.add("ingest-1")
    grant = await catalog.open(ingest="ingest-2")
    assert grant.session != session
    _, oldest = await sessions_of(catalog)
    assert (oldest.id, oldest.cause) == (session, "ingest_lost")


async def test_reject_keeps_a_grant_that_has_not_reached_its_ingest_yet(catalog: Catalog) -> None:
    await catalog.create(publishPolicy="reject")
    await catalog.open()
    catalog.gone_ingests.add("ingest-1")
    with pytest.raises(StreamBusy):
        await catalog.open(ingest="ingest-2")
