"""Which segments are to lie cold, what counts of what movers say, and what is left behind, on both
databases.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    DeferDiscards,
    DeleteStream,
    FinishMove,
    ForgetDiscards,
    ListDiscards,
    Move,
    NextMove,
    RenditionLog,
    ShowSessionLog,
    TakeMove,
    Tier,
    UpdateStream,
)
from libs.names import DEFAULT_TENANT, SOURCE
from services.catalog import tiering as tiering_module
from services.catalog.errors import StreamFieldInvalid
from services.catalog.models import DiscardRow
from services.catalog.retention import Retention, Room, Rules
from services.catalog.tiering import LAPSE, NO_ROOM, Tiering, TierRules
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, Said

SEGMENT = 2000
"""Bytes."""
HOUR = timedelta(hours=1)
TURN = TierRules().turn_after


async def recorded(catalog: Catalog, count: int = 10, stream: str = "cam-1", **item: Any) -> Said:
    """A session of `count` segments of two seconds, which ended an hour ago."""
    await catalog.create(stream, **item)
    said = Said(await catalog.open(stream))
    await catalog.facts.stream_published(said.published())
    for index in range(count):
        await catalog.facts.segment_ready(said.ready(index))
    await catalog.facts.rendition_ended(said.rendition_ended(said.first_msn + count - 1))
    await catalog.facts.session_ended(said.ended())
    catalog.clock.now = START + HOUR
    return said


def make(catalog: Catalog, room: Room | None = None, **rules: Any) -> Tiering:
    retention = Rules(min_free_bytes=1000)
    return Tiering(
        catalog.database, catalog.clock, TierRules(**rules), room=room, retention=retention
    )


@pytest.fixture
def tiering(catalog: Catalog) -> Tiering:
    return make(catalog)


async def take(tiering: Tiering, mover: str = "packager-1") -> Move | None:
    return (await tiering.take(TakeMove(mover=mover))).move


async def taken(tiering: Tiering) -> Move:
    found = await take(tiering)
    assert found is not None
    return found


async def finish(tiering: Tiering, move: Move, *left: str) -> None:
    keys = tuple(each.key for each in move.objects if each.key not in left)
    await tiering.finish(FinishMove(**move.model_dump(exclude={"objects"}), keys=keys, left=left))


async def moved(tiering: Tiering) -> Move:
    found = await taken(tiering)
    await finish(tiering, found)
    return found


def numbers(move: Move | None, said: Said) -> list[int]:
    assert move is not None
    keys = {said.ready(index).segment.object_key: index for index in range(300)}
    return [keys[each.key] for each in move.objects]


async def log(catalog: Catalog, said: Said) -> RenditionLog:
    ask = ShowSessionLog(tenant=DEFAULT_TENANT, session=said.grant.session)
    found = (await catalog.answers.show_session_log(ask)).renditions
    return next(each for each in found if each.rendition == SOURCE)


async def set_hours(catalog: Catalog, hours: float | str) -> None:
    ask = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item={"coldAfterHours": hours})
    await catalog.answers.update_stream(ask)


async def discards(catalog: Catalog, tier: Tier | None, said: Said) -> list[int]:
    keys = (await catalog.answers.list_discards(ListDiscards(tier=tier))).keys
    known = {said.ready(index).segment.object_key: index for index in range(300)}
    return sorted(known[key] for key in keys if key in known)


async def test_without_rules_everything_stays_hot(catalog: Catalog, tiering: Tiering) -> None:
    said = await recorded(catalog)
    assert await take(tiering) is None
    assert (await log(catalog, said)).cold_segments == 0


async def test_what_is_older_than_the_stream_says_goes_and_its_copy_is_left(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, coldAfterHours="1")
    catalog.clock.pass_s(9)
    move = await taken(tiering)
    assert (move.to, numbers(move, said)) == ("cold", [0, 1, 2, 3, 4])
    first = said.ready(0).segment
    assert (move.objects[0].size_bytes, move.objects[0].sha256) == (SEGMENT, first.sha256)
    assert (await log(catalog, said)).cold_segments == 0, "it is not said to be done"
    await finish(tiering, move)
    found = await log(catalog, said)
    assert (found.cold_segments, found.cold_bytes) == (5, 5 * SEGMENT)
    assert (found.segments, found.size_bytes) == (10, 10 * SEGMENT)
    assert await discards(catalog, "hot", said) == [0, 1, 2, 3, 4]
    assert await discards(catalog, None, said) == []
    assert await take(tiering) is None
    catalog.clock.pass_s(2)
    assert numbers(await take(tiering), said) == [5]


async def test_house_decides_for_streams_that_say_nothing(catalog: Catalog) -> None:
    said = await recorded(catalog)
    tiering = make(catalog, cold_after_hours=0.5)
    assert numbers(await take(tiering), said) == list(range(10))
    await set_hours(catalog, 2)
    assert await take(tiering) is None


async def test_what_playlists_list_is_never_moved(catalog: Catalog) -> None:
    said = await recorded(catalog)
    catalog.clock.now = START + timedelta(seconds=15)
    assert numbers(await take(make(catalog, cold_after_hours=0.0001)), said) == [0, 1, 2]


async def test_long_way_is_gone_in_ranges(
    catalog: Catalog, tiering: Tiering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiering_module, "MOVE_OBJECTS", 4)
    said = await recorded(catalog, coldAfterHours=0.5)
    for index in range(10):
        await catalog.facts.segment_ready(said.ready(index, "480p"))
    ranges = [len((await moved(tiering)).objects) for _ in range(5)]
    assert (ranges, await take(tiering)) == ([4] * 5, None), "rungs go with their source"
    await set_hours(catalog, "")
    catalog.clock.now += TURN
    back = [await moved(tiering) for _ in range(5)]
    assert {move.to for move in back} == {"hot"}
    assert back[0].from_at > back[4].from_at, "the newest come first"
    assert (await log(catalog, said)).cold_segments == 0
    assert await take(tiering) is None


async def test_what_is_to_lie_hot_again_comes_back_after_a_while(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, coldAfterHours=0.5)
    await moved(tiering)
    assert await discards(catalog, "hot", said) == list(range(10))
    await set_hours(catalog, 100)
    assert await take(tiering) is None, "somebody may be deleting its hot copies yet"
    catalog.clock.now += TURN
    assert numbers(await moved(tiering), said) == list(reversed(range(10)))
    assert await discards(catalog, "hot", said) == [], "what would have gone is what counts now"
    assert await discards(catalog, "cold", said) == list(range(10))
    assert (await log(catalog, said)).cold_bytes == 0


async def test_nothing_is_brought_back_without_room(catalog: Catalog) -> None:
    room = Room()
    tiering = make(catalog, room)
    await recorded(catalog, coldAfterHours=0.5)
    await moved(tiering)
    await set_hours(catalog, "")
    catalog.clock.now += TURN
    room.note(10 * SEGMENT + 999)
    assert await tiering.take(TakeMove(mover="packager-1")) == NextMove(waits_for=NO_ROOM)
    room.note(10 * SEGMENT + 1000)
    assert await take(tiering) is not None


async def test_what_is_being_brought_back_has_its_room(catalog: Catalog) -> None:
    room = Room()
    tiering = make(catalog, room)
    for stream in ("cam-1", "cam-2"):
        await recorded(catalog, stream=stream, coldAfterHours=0.5)
        await moved(tiering)
        ask = UpdateStream(tenant=DEFAULT_TENANT, id=stream, item={"coldAfterHours": ""})
        await catalog.answers.update_stream(ask)
        catalog.clock.now = START
    catalog.clock.now = START + HOUR + TURN
    room.note(15 * SEGMENT + 1000)
    move = await taken(tiering)
    no_room = NextMove(waits_for=NO_ROOM)
    assert await tiering.take(TakeMove(mover="packager-2")) == no_room
    await finish(tiering, move)
    assert await tiering.take(TakeMove(mover="packager-2")) == no_room, "it is not told of yet"
    room.note(10 * SEGMENT + 1000)
    assert await take(tiering, "packager-2") is not None


async def test_move_is_one_movers_until_it_seems_dead(catalog: Catalog, tiering: Tiering) -> None:
    await recorded(catalog, coldAfterHours=0.5)
    move = await taken(tiering)
    assert await take(tiering, "packager-2") is None
    assert await take(tiering) == move, "it may have been started again"
    catalog.clock.now += LAPSE
    assert await take(tiering, "packager-2") is not None


async def test_stream_that_cannot_be_moved_holds_up_no_other(
    catalog: Catalog, tiering: Tiering
) -> None:
    for stream in ("cam-1", "cam-2"):
        await recorded(catalog, 2, stream, coldAfterHours=0.5)
        catalog.clock.now = START
    catalog.clock.now = START + HOUR
    found = []
    for _ in range(3):
        catalog.clock.pass_s(1)
        found.append((await taken(tiering)).stream)
    assert found[0] == found[2] != found[1]


async def test_move_that_is_finished_twice_counts_once(catalog: Catalog, tiering: Tiering) -> None:
    said = await recorded(catalog, coldAfterHours=0.5)
    move = await moved(tiering)
    listed = (await catalog.answers.list_discards(ListDiscards(tier="hot"))).keys
    await catalog.answers.forget_discards(ForgetDiscards(keys=listed, tier="hot"))
    await finish(tiering, move)
    assert await discards(catalog, "hot", said) == []
    assert (await log(catalog, said)).cold_segments == 10


async def test_row_that_comes_meanwhile_makes_the_move_void(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, 3, coldAfterHours=0.5)
    move = await taken(tiering)
    await catalog.facts.segment_ready(said.ready(1, "480p"))
    await finish(tiering, move)
    assert (await log(catalog, said)).cold_segments == 0
    assert len((await taken(tiering)).objects) == 4


async def test_row_that_comes_late_takes_the_mark_back(catalog: Catalog, tiering: Tiering) -> None:
    said = await recorded(catalog, 3, coldAfterHours=0.5)
    await moved(tiering)
    await catalog.facts.segment_ready(said.ready(1, "480p"))
    found = {each.key for each in (await taken(tiering)).objects}
    assert found == {
        said.ready(1).segment.object_key,
        said.ready(1, "480p").segment.object_key,
        said.ready(2).segment.object_key,
    }


async def test_row_that_came_late_comes_back_with_those_around_it(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await half_cold(catalog, tiering)
    late = said.ready(1, "480p")
    await catalog.facts.segment_ready(late)
    assert (await log(catalog, said)).cold_segments == 5
    await set_hours(catalog, 100)
    catalog.clock.now += TURN
    found = {each.key for each in (await moved(tiering)).objects}
    own = {said.ready(index).segment.object_key for index in range(5)}
    assert found == own | {late.segment.object_key}
    assert (await log(catalog, said)).cold_segments == 0
    assert await take(tiering) is None


async def test_what_cannot_be_moved_stays_and_holds_up_nothing(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, 3, coldAfterHours=0.5)
    await finish(tiering, await taken(tiering), said.ready(1).segment.object_key)
    assert await discards(catalog, "hot", said) == [0, 2]
    assert await take(tiering) is None


async def test_deleted_streams_segments_stay_where_they_lie(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, coldAfterHours=0.5)
    await moved(tiering)
    await catalog.answers.delete_stream(DeleteStream(tenant=DEFAULT_TENANT, id="cam-1"))
    catalog.clock.now += TURN
    assert await take(tiering) is None
    assert (await log(catalog, said)).cold_segments == 10


@pytest.mark.parametrize("value", [0, -1, "soon", 1e300, True])
async def test_senseless_hours_are_refused(catalog: Catalog, value: Any) -> None:
    with pytest.raises(StreamFieldInvalid, match="coldAfterHours"):
        await catalog.create(coldAfterHours=value)


# --- with retention -----------------------------------------------------------------------


def retention(catalog: Catalog, free_bytes: int | None = None, **rules: Any) -> Retention:
    room = Room()
    room.note(free_bytes)
    return Retention(catalog.database, catalog.clock, Rules(**rules), room)


async def waiting(catalog: Catalog) -> dict[str, tuple[str | None, int, datetime]]:
    async with catalog.database.transaction(read_only=True) as tx:
        rows = (await tx.execute(select(DiscardRow))).scalars()
        return {row.object_key: (row.tier, row.size_bytes, row.due_at) for row in rows}


async def half_cold(catalog: Catalog, tiering: Tiering) -> Said:
    """The first five of ten lie cold, and their hot copies are gone."""
    said = await recorded(catalog, coldAfterHours=1)
    catalog.clock.pass_s(9)
    keys = tuple(each.key for each in (await moved(tiering)).objects)
    await catalog.answers.forget_discards(ForgetDiscards(keys=keys, tier="hot"))
    return said


async def test_room_is_made_where_it_lacks(catalog: Catalog, tiering: Tiering) -> None:
    """What lies cold frees nothing of the hot store's disk."""
    said = await half_cold(catalog, tiering)
    keeper = retention(catalog, free_bytes=1000, min_free_bytes=1000 + 2 * SEGMENT)
    assert await keeper.tick() == 2 * SEGMENT
    assert await keeper.tick() == 0
    gap = (await log(catalog, said)).gaps[0]
    assert (gap.first_msn - said.first_msn, gap.last_msn - said.first_msn) == (5, 6)


async def test_row_that_comes_late_makes_no_cold_one_a_hot_one(
    catalog: Catalog, tiering: Tiering
) -> None:
    """It cannot go to the cold store yet, and those behind it are there."""
    said = await half_cold(catalog, tiering)
    await catalog.facts.segment_ready(said.ready(0, "480p"))
    keeper = retention(catalog, free_bytes=1000, min_free_bytes=1000 + 2 * SEGMENT)
    assert await keeper.tick() == 2 * SEGMENT
    gap = (await log(catalog, said)).gaps[0]
    assert (gap.first_msn - said.first_msn, gap.last_msn - said.first_msn) == (5, 6)


async def test_age_and_bytes_count_both_and_the_cold_make_no_room(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await half_cold(catalog, tiering)
    assert await retention(catalog, max_bytes=3 * SEGMENT).tick() == 7 * SEGMENT
    found = await waiting(catalog)
    sizes = [found[said.ready(index).segment.object_key][:2] for index in range(7)]
    assert sizes == [(None, 0)] * 5 + [(None, SEGMENT)] * 2


async def test_object_that_goes_while_its_copy_does_goes_altogether(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, 2, coldAfterHours=0.5)
    listed = await moved(tiering)
    await retention(catalog, hours=0.5).tick()
    # Whoever listed it as a copy before says that this copy is deleted.
    keys = tuple(each.key for each in listed.objects)
    await catalog.answers.forget_discards(ForgetDiscards(keys=keys, tier="hot"))
    assert await discards(catalog, "hot", said) == []
    catalog.clock.now += Rules().grace
    assert await discards(catalog, None, said) == [0, 1]


async def test_what_goes_while_it_is_copied_goes_from_both(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, 2, coldAfterHours=0.5)
    move = await taken(tiering)
    await retention(catalog, hours=0.5).tick()
    catalog.clock.now += Rules().grace
    keys = tuple(each.key for each in move.objects)
    await catalog.answers.forget_discards(ForgetDiscards(keys=keys))
    await finish(tiering, move)
    catalog.clock.now += Rules().grace
    assert await discards(catalog, None, said) == [0, 1], "the copies are nobody's"


async def test_what_goes_while_it_is_copied_in_vain_goes_from_both(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, 2, coldAfterHours=0.5)
    move = await taken(tiering)
    await retention(catalog, hours=0.5).tick()
    catalog.clock.now += Rules().grace
    keys = tuple(each.key for each in move.objects)
    await catalog.answers.forget_discards(ForgetDiscards(keys=keys))
    await catalog.facts.segment_ready(said.ready(1, "480p"))
    await finish(tiering, move)
    catalog.clock.now += Rules().grace
    assert await discards(catalog, None, said) == [0, 1]


async def test_what_waits_for_the_cold_store_is_no_room_to_come(
    catalog: Catalog, tiering: Tiering
) -> None:
    said = await recorded(catalog, 2, retentionHours=0.5)
    await retention(catalog).tick()
    keys = tuple(said.ready(index).segment.object_key for index in range(2))
    await catalog.answers.defer_discards(DeferDiscards(keys=keys, for_s=300, is_cold_left=True))
    found = await waiting(catalog)
    assert {found[key][1] for key in keys} == {0}
    assert {found[key][2] for key in keys} == {catalog.clock.now + timedelta(seconds=300)}
