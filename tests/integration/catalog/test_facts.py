import hashlib
import random
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    DeadLetter,
    ListDeadLetters,
    ListSegments,
    ListSessions,
    Message,
    PublishGrant,
    SegmentPage,
)
from libs.names import DEFAULT_TENANT, SOURCE
from services.catalog.errors import (
    CursorInvalid,
    FactContradicts,
    SessionNotYetKnown,
    SessionUnknown,
)
from services.catalog.models import (
    Base,
    GapRow,
    PublishRow,
    RenditionRow,
    SegmentRow,
    SessionRow,
    TrackRow,
)
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import AUDIO, START, VIDEO, Said, apply

TOLD_BY_FACTS: tuple[type[Base], ...] = (
    SessionRow,
    PublishRow,
    RenditionRow,
    TrackRow,
    SegmentRow,
    GapRow,
)


async def listed(catalog: Catalog, grant: PublishGrant, **ask: Any) -> SegmentPage:
    return await catalog.answers.list_segments(
        ListSegments(
            tenant=DEFAULT_TENANT,
            session=ask.pop("session", grant.session),
            rendition=ask.pop("rendition", SOURCE),
            **ask,
        )
    )


async def digest(catalog: Catalog) -> str:
    """One hash over every row that facts tell, column by column."""
    lines: list[str] = []
    async with catalog.database.transaction(read_only=True) as tx:
        for model in TOLD_BY_FACTS:
            columns = sorted(column.key for column in model.__table__.columns)
            for row in (await tx.execute(select(model))).scalars():
                values = [_plain(getattr(row, column)) for column in columns]
                lines.append(f"{model.__tablename__} {values}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def an_evening(first: PublishGrant, second: PublishGrant) -> list[Message]:
    """Everything that is said of a session with a reconnect, a rung, a gap and a takeover."""
    early, late = Said(first), Said(second)
    segments = [early.ready(index) for index in range(8)]
    segments += [late.ready(index, epoch=2) for index in range(10, 18)]
    rungs = [early.ready(index, "720p") for index in range(4)]
    return [
        early.published(),
        early.rendition_started(),
        early.rendition_started("720p"),
        *segments,
        *rungs,
        early.lost(8, 9),
        early.unpublished("connection_lost"),
        late.published(),
        late.rendition_started(epoch=2),
        late.unpublished(),
        late.rendition_ended(late.first_msn + 17, epoch=2),
        late.rendition_ended(late.first_msn + 3, "720p"),
        late.ended(),
    ]


async def test_every_fact_three_times_in_random_order_tells_the_same(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open()
    second = await catalog.open(held=first.session)
    facts = an_evening(first, second)
    for fact in facts:
        await apply(catalog.facts, fact)
    told_in_order = await digest(catalog)

    for seed in (1, 2):
        await _forget_facts(catalog)
        shuffled = facts * 3
        random.Random(seed).shuffle(shuffled)
        for fact in shuffled:
            await apply(catalog.facts, fact)
        assert await digest(catalog) == told_in_order

    (session,) = (await catalog.answers.list_sessions(ListSessions())).sessions
    assert (session.segments, session.size_bytes) == (16, 20 * 2000)
    assert session.duration_s == 16 * 2.002
    assert (session.started_at, session.cause) == (START, "publisher_ended")


async def test_segments_that_are_told_together_are_kept_as_one_by_one(catalog: Catalog) -> None:
    for stream in ("cam-1", "cam-2"):
        await catalog.create(stream)
    one, other = Said(await catalog.open("cam-1")), Said(await catalog.open("cam-2"))
    facts = [each.ready(index) for index in range(40) for each in (one, other)]
    facts += [one.ready(3), other.ready(5, body="other", epoch=2), one.ready(1, "720p")]
    for fact in facts:
        await catalog.facts.segment_ready(fact)
    told_one_by_one = await digest(catalog)

    await _forget_facts(catalog)
    await catalog.facts.segment_ready(*facts[:30])
    await catalog.facts.segment_ready(*facts)
    assert await digest(catalog) == told_one_by_one


async def test_of_segments_that_are_told_together_all_are_kept_or_none(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    unknown = Said(grant.model_copy(update={"session": "00000001-00000001"}))
    with pytest.raises(SessionNotYetKnown):
        await catalog.facts.segment_ready(Said(grant).ready(0), unknown.ready(0))
    assert (await listed(catalog, grant)).segments == ()


async def _forget_facts(catalog: Catalog) -> None:
    """Back to where only the grants were given."""
    async with catalog.database.transaction() as tx:
        for model in (SegmentRow, GapRow, TrackRow, RenditionRow):
            for row in (await tx.execute(select(model))).scalars():
                await tx.delete(row)
        for session in (await tx.execute(select(SessionRow))).scalars():
            session.ended_at = session.cause = session.last_tag = session.last_msn = None
            session.segments = session.duration_us = session.size_bytes = 0
            session.published_generation = 0
            session.started_at = session.granted_at
        for publish in (await tx.execute(select(PublishRow))).scalars():
            publish.published_at = publish.ended_at = publish.cause = None


async def test_digest_sees_one_changed_row(catalog: Catalog) -> None:
    await catalog.create()
    said = Said(await catalog.open())
    await catalog.facts.segment_ready(said.ready(0))
    before = await digest(catalog)
    await catalog.facts.segment_ready(said.ready(0))
    assert await digest(catalog) == before
    await catalog.facts.segment_ready(said.ready(1))
    assert await digest(catalog) != before


async def test_segment_comes_back_as_it_was_said(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    facts = [Said(grant).ready(index) for index in range(3)]
    for fact in facts:
        await catalog.facts.segment_ready(fact)
    page = await listed(catalog, grant)
    assert list(page.segments) == [fact.segment for fact in facts]
    assert (page.next_after, page.gaps) == (None, ())


async def test_other_bytes_under_a_key_are_an_orphan(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    first = Said(grant).ready(0, epoch=1)
    await catalog.facts.segment_ready(first)
    await catalog.facts.segment_ready(Said(grant).ready(0, body="other", epoch=2))
    assert (await listed(catalog, grant)).segments == (first.segment,)
    (session,) = (await catalog.answers.list_sessions(ListSessions())).sessions
    assert (session.segments, session.size_bytes) == (1, 2000)


async def test_segment_that_overtakes_its_publish_is_kept(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    await catalog.facts.segment_ready(Said(grant).ready(0))
    assert len((await listed(catalog, grant)).segments) == 1


async def test_fact_of_an_unknown_session_may_be_tried_again(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    unknown = Said(grant.model_copy(update={"session": "00000001-00000001"}))
    for fact in (unknown.published(), unknown.ready(0), unknown.lost(1, 2), unknown.ended()):
        with pytest.raises(SessionNotYetKnown) as refused:
            await apply(catalog.facts, fact)
        # Not 503: the bus would try for ever, and nobody would see it.
        assert (refused.value.retry, refused.value.status) == (True, 409)


async def test_fact_that_names_another_stream_or_generation_is_not_believed(
    catalog: Catalog,
) -> None:
    await catalog.create()
    await catalog.create("cam-2")
    grant = await catalog.open()
    for update in ({"stream": "cam-2"}, {"tenant": "other"}, {"generation": 9}):
        with pytest.raises(FactContradicts) as refused:
            await catalog.facts.stream_published(Said(grant.model_copy(update=update)).published())
        assert not refused.value.retry


async def test_segments_are_listed_in_pages_with_their_gaps(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    said = Said(grant)
    for index in (4, 0, 1, 6, 7):
        await catalog.facts.segment_ready(said.ready(index))
    for gap in (said.lost(2, 3), said.lost(5, 5)):
        await catalog.facts.segment_lost(gap)
    first = await listed(catalog, grant, limit=3)
    assert [row.msn - said.first_msn for row in first.segments] == [0, 1, 4]
    assert [(gap.first_msn - said.first_msn, gap.cause) for gap in first.gaps] == [
        (2, "replay_window_passed")
    ]
    rest = await listed(catalog, grant, limit=3, after=first.next_after)
    assert [row.msn - said.first_msn for row in rest.segments] == [6, 7]
    assert [gap.first_msn - said.first_msn for gap in rest.gaps] == [5]
    assert rest.next_after is None


async def test_page_of_a_thousand_segments_fits_into_a_message(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    said = Said(grant)
    for index in range(1000):
        await catalog.facts.segment_ready(said.ready(index))
    seen = 0
    after: int | None = None
    while True:
        page = await listed(catalog, grant, limit=1000, after=after)
        assert len(page.model_dump_json()) < 1_000_000
        seen += len(page.segments)
        if (after := page.next_after) is None:
            break
    assert seen == 1000


@pytest.mark.parametrize("session", ["00000001-00000001", "' OR 1=1--", "a\0b", ""])
async def test_segments_of_an_unknown_session_are_not_found(catalog: Catalog, session: str) -> None:
    await catalog.create()
    grant = await catalog.open()
    with pytest.raises(SessionUnknown):
        await listed(catalog, grant, session=session)
    assert (await listed(catalog, grant, rendition="' OR 1=1--\0")).segments == ()


async def test_tracks_of_a_rendition_are_kept(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    await catalog.facts.rendition_started(Said(grant).rendition_started())
    async with catalog.database.transaction(read_only=True) as tx:
        rows = {row.kind: row for row in (await tx.execute(select(TrackRow))).scalars()}
    assert (rows["video"].codec, rows["video"].frame_rate) == (VIDEO.codec, 29.97)
    assert (rows["audio"].codec, rows["audio"].sample_rate) == (AUDIO.codec, 48000)


async def test_holders_own_word_replaces_what_the_catalog_concluded(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    said = Said(grant)
    for cause, expected in (
        ("ingest_lost", "ingest_lost"),
        ("shutdown", "shutdown"),
        ("ingest_lost", "shutdown"),
        ("idle", "shutdown"),
    ):
        await catalog.facts.session_ended(said.ended(cause))  # type: ignore[arg-type]
        (session,) = (await catalog.answers.list_sessions(ListSessions())).sessions
        assert session.cause == expected


async def test_dead_letters_are_listed_newest_first(catalog: Catalog) -> None:
    letters = [
        DeadLetter(
            id=f"FACTS:{number}",
            subject="segment.ready",
            consumer="catalog-segment-ready",
            code="message_undecodable",
            reason="a\0b",
            deliveries=1,
            buried_at=START.replace(minute=number),
            body="x" * 9000,
        )
        for number in range(3)
    ]
    for letter in [*letters, *letters]:
        await catalog.facts.letter_buried(letter)
    page = await catalog.answers.list_dead_letters(ListDeadLetters(limit=2))
    assert [letter.id for letter in page.dead_letters] == ["FACTS:2", "FACTS:1"]
    assert len(page.dead_letters[0].body) == 4096
    ask = ListDeadLetters(limit=2, after=page.next_after)
    rest = await catalog.answers.list_dead_letters(ask)
    assert [letter.id for letter in rest.dead_letters] == ["FACTS:0"]
    assert rest.next_after is None
    with pytest.raises(CursorInvalid):
        await catalog.answers.list_dead_letters(ListDeadLetters(after="x"))
