"""What the recorder asks the database: nothing of a row that makes nothing due."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from libs.events import StillsStored, StoredStill, UpdateStream
from libs.names import DEFAULT_TENANT
from services.catalog.errors import DatabaseDown
from services.catalog.facts import Facts
from services.catalog.recorder import PATIENCE, Recorder
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.hearing import counting_steps, hearing
from tests.integration.catalog.said import START, Said
from tests.integration.catalog.test_recorder import files, still_orders, stills

SECONDS = 2


class Recorded:
    """A catalog's recorder that hears of what its facts write."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.recorder = Recorder(catalog.database, catalog.clock)
        self.facts = Facts(
            catalog.database,
            catalog.clock,
            on_rows=self.recorder.note_rows,
            on_change=self.recorder.note,
        )

    async def on_air(self, stream: str = "cam-1", **item: Any) -> Said:
        await self.catalog.create(stream, **item)
        said = Said(await self.catalog.open(stream))
        await self.facts.stream_published(said.published())
        await self.facts.rendition_started(said.rendition_started())
        return said

    async def has(self, said: Said, *indices: int) -> None:
        for index in indices:
            self.catalog.clock.now = START + timedelta(seconds=SECONDS * (index + 1))
            await self.facts.segment_ready(said.ready(index))

    async def ends(self, said: Said, last: int) -> None:
        await self.facts.rendition_ended(said.rendition_ended(said.first_msn + last))
        await self.facts.session_ended(said.ended())

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that are executed meanwhile."""
        said: list[str] = []
        with hearing(self.catalog.database, said.append):
            yield said

    @contextmanager
    def losing_the_database_at(self, beginning: str) -> Iterator[None]:
        """As soon as a statement begins so, the connection breaks."""

        def fail(statement: str) -> None:
            if statement.startswith(beginning):
                raise ConnectionResetError

        with hearing(self.catalog.database, fail):
            yield


def written(statements: list[str]) -> list[str]:
    """Those that change something."""
    return [each for each in statements if each.startswith(("INSERT", "UPDATE", "DELETE"))]


async def test_row_that_makes_nothing_due_costs_one_statement_for_all_sessions(
    catalog: Catalog,
) -> None:
    house = Recorded(catalog)
    said = [
        await house.on_air(f"cam-{number}", isImage=True, image_time=60, isVideo=True)
        for number in (1, 2, 3)
    ]
    for each in said:
        await house.has(each, 0)
    await house.recorder.tick()
    for each in said:
        await house.has(each, 1)
    with house.counting() as statements:
        await house.recorder.tick()
    assert len(statements) == 1
    assert written(statements) == []


async def test_what_falls_due_together_is_ordered_together(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = [await house.on_air(f"cam-{number}", isImage=True, image_time=4) for number in range(8)]
    for index in (0, 1, 2):
        for each in said:
            await house.has(each, index)
        with house.counting() as statements:
            await house.recorder.tick()
    assert len(await stills(catalog)) == 2 * len(said)
    assert len((await still_orders(catalog))[-1].stills) == len(said)
    # Who is recorded; what is kept of them; their files, orders, and what is kept now.
    assert len(written(statements)) == 3
    assert len(statements) == 5


async def test_order_holds_no_more_than_another_worker_can_wait_for(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.catalog.still_orders.MAX_STILLS", 3)
    house = Recorded(catalog)
    said = [await house.on_air(f"cam-{number}", isImage=True, image_time=2) for number in range(8)]
    for index in (0, 1):
        for each in said:
            await house.has(each, index)
        await house.recorder.tick()
    assert [len(order.stills) for order in (await still_orders(catalog))[-3:]] == [3, 3, 2]
    keys = [still.key for still in await stills(catalog)]
    assert len(set(keys)) == len(keys) == 2 * len(said)


async def test_rows_cost_what_is_made_of_them(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isVideo=True, video_time=60, isImage=True, image_time=20)
    spent = []
    for index in range(64):
        await house.has(said, index)
        with house.counting() as statements:
            await house.recorder.tick()
        spent.append(len(statements))
    # Two MP4s and seven pictures; the first row was behind the session's beginning.
    due = [index for index, count in enumerate(spent) if count > 1]
    assert due == [0, 10, 20, 30, 40, 50, 60]
    assert sum(spent) < 150


async def test_what_memory_had_is_read_again_by_the_next_catalog(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isVideo=True, video_time=6, isImage=True, image_time=6)
    for index in range(3):
        await house.has(said, index)
        await house.recorder.tick()
    successor = Recorded(catalog)
    await successor.recorder.tick()
    await successor.has(said, 3)
    await successor.recorder.tick()
    spans = [(each.first_msn - said.first_msn, each.last_msn - said.first_msn)
             for each in await files(catalog, kind="mp4")]  # fmt: skip
    assert spans == [(0, 2)]
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0, 3]


async def test_two_recorders_order_everything_once(catalog: Catalog) -> None:
    one, other = Recorded(catalog), Recorded(catalog)
    said = await one.on_air(isVideo=True, video_time=4, isImage=True, image_time=4)
    other.recorder.note(said.grant.session)
    for index in range(9):
        # The bus gives each fact to one of them.
        await (one, other)[index // 2 % 2].has(said, index)
        await one.recorder.tick()
        await other.recorder.tick()
    await one.ends(said, 8)
    await one.recorder.tick()
    spans = [(each.first_msn - said.first_msn, each.last_msn - said.first_msn)
             for each in await files(catalog, kind="mp4")]  # fmt: skip
    assert spans == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 8)]
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0, 2, 4, 6, 8]


async def test_orders_that_the_database_lost_are_given_by_the_next_look(
    catalog: Catalog,
) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isImage=True, image_time=2)
    await house.has(said, 0)
    await house.recorder.tick()
    await house.has(said, 1)
    with house.losing_the_database_at("INSERT INTO files"), pytest.raises(DatabaseDown):
        await house.recorder.tick()
    catalog.database.open()
    await house.has(said, 2)
    await house.recorder.tick()
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0, 1, 2]


async def test_session_that_is_over_before_a_look_gets_its_files(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isVideo=True, video_time=60, isImage=True)
    await house.has(said, 0)
    await house.ends(said, 0)
    await Recorder(catalog.database, catalog.clock).tick()
    assert {each.kind for each in await files(catalog)} == {"jpeg", "mp4"}


async def test_settings_of_now_count_from_the_next_row_on(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isImage=True, image_time=60)
    for index in range(4):
        await house.has(said, index)
        await house.recorder.tick()
        if index == 1:
            item = {"isVideo": True, "video_time": 60, "image_time": 2}
            await catalog.answers.update_stream(
                UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item=item)
            )
    await house.ends(said, 3)
    await house.recorder.tick()
    (video,) = await files(catalog, kind="mp4")
    assert (video.first_msn - said.first_msn, video.last_msn - said.first_msn) == (2, 3)
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0, 2, 3]


async def switch(house: Recorded, **item: Any) -> None:
    ask = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item=item)
    await house.catalog.answers.update_stream(ask)


async def test_recording_that_is_switched_on_begins_with_the_next_row(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = await house.on_air()
    await house.has(said, 0, 1, 2)
    await house.recorder.tick()
    await switch(house, isVideo=True, video_time=60, isImage=True, image_time=60)
    await house.has(said, 3, 4)
    await house.recorder.tick()
    await house.ends(said, 4)
    await house.recorder.tick()
    (video,) = await files(catalog, kind="mp4")
    assert (video.first_msn - said.first_msn, video.last_msn - said.first_msn) == (3, 4)
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [3]


async def test_recording_that_is_switched_on_in_the_first_segment_has_all_of_it(
    catalog: Catalog,
) -> None:
    house = Recorded(catalog)
    said = await house.on_air()
    await switch(house, isImage=True)
    await house.has(said, 0)
    await house.recorder.tick()
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0]


async def test_what_was_on_air_while_recording_was_off_is_no_file_after_a_restart(
    catalog: Catalog,
) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isVideo=True, video_time=60)
    await house.has(said, 0, 1)
    await house.recorder.tick()
    await switch(house, isVideo=False)
    for index in (2, 3, 4):
        await house.has(said, index)
        await house.recorder.tick()
    await switch(house, isVideo=True)
    successor = Recorded(catalog)
    await successor.recorder.tick()
    await successor.has(said, 5)
    await successor.ends(said, 5)
    await successor.recorder.tick()
    spans = [(each.first_msn - said.first_msn, each.last_msn - said.first_msn)
             for each in await files(catalog, kind="mp4")]  # fmt: skip
    assert spans == [(0, 1), (5, 5)]


async def test_hole_is_waited_for_and_then_passed_over(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isImage=True, image_time=1)
    await house.has(said, 0)
    await house.recorder.tick()
    await house.has(said, 2, 3)
    await house.recorder.tick()
    assert len(await stills(catalog)) == 1
    catalog.clock.now += PATIENCE
    await house.recorder.tick()
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0, 2, 3]


async def steps_of_a_picture(house: Recorded) -> int:
    """What it costs to hear that the last one that was asked for is stored."""
    key = (await stills(house.catalog))[-1].key
    stored = StoredStill(tenant=DEFAULT_TENANT, stream="cam-1", key=key, size_bytes=300)
    with counting_steps(house.catalog.database) as counted:
        await house.facts.stills_stored(StillsStored(stills=(stored,)))
    return sum(counted)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_picture_that_is_stored_costs_the_same_beside_many(catalog: Catalog) -> None:
    house = Recorded(catalog)
    said = await house.on_air(isImage=True, image_time=2)
    await house.has(said, *range(3))
    await house.recorder.tick()
    beside_few = await steps_of_a_picture(house)
    await house.has(said, *range(3, 200))
    await house.recorder.tick()
    assert await steps_of_a_picture(house) < 2 * beside_few
