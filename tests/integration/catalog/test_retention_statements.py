"""What a look of retention asks the database: as much as goes, however much is kept."""

from datetime import timedelta

import pytest

from services.catalog.retention import Retention, Room, Rules
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.hearing import counting_steps, hearing
from tests.integration.catalog.said import START, Said

HOURS = 1


async def has(catalog: Catalog, count: int, stream: str) -> Said:
    """A session on air with so many segments of two seconds."""
    await catalog.create(stream)
    said = Said(await catalog.open(stream))
    await catalog.facts.stream_published(said.published())
    await catalog.facts.segment_ready(*(said.ready(index) for index in range(count)))
    return said


def retention_of(catalog: Catalog, rows: int) -> Retention:
    """`rows` of each stream are older than it keeps."""
    catalog.clock.now = START + timedelta(hours=HOURS, seconds=2 * rows)
    return Retention(catalog.database, catalog.clock, Rules(hours=HOURS), Room())


async def statements_of_a_look(catalog: Catalog, rows: int) -> list[str]:
    said: list[str] = []
    with hearing(catalog.database, said.append):
        await retention_of(catalog, rows).tick()
    return said


async def test_look_asks_as_often_whatever_is_kept_and_goes(catalog: Catalog) -> None:
    await has(catalog, 400, "cam-1")
    first = await statements_of_a_look(catalog, 5)
    more = await statements_of_a_look(catalog, 10)
    many = await statements_of_a_look(catalog, 200)
    assert len([each for each in many if each.startswith("DELETE FROM segments")]) == 1
    assert len(first) == len(more) == len(many) < 20


async def test_stream_of_which_nothing_goes_costs_two_statements(catalog: Catalog) -> None:
    await has(catalog, 5, "cam-1")
    alone = await statements_of_a_look(catalog, 0)
    for number in (2, 3):
        await has(catalog, 5, f"cam-{number}")
    # Its oldest file, and its oldest row.
    assert len(await statements_of_a_look(catalog, 0)) == len(alone) + 2 * 2


async def steps_of_a_look(catalog: Catalog, rows: int) -> int:
    with counting_steps(catalog.database) as counted:
        assert await retention_of(catalog, rows).tick()
    return sum(counted)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_look_reads_what_goes_and_nothing_of_what_is_kept(catalog: Catalog) -> None:
    said = await has(catalog, 30, "cam-1")
    of_few = await steps_of_a_look(catalog, 10)
    await catalog.facts.segment_ready(*(said.ready(index) for index in range(30, 400)))
    of_many = await steps_of_a_look(catalog, 20)
    assert of_many < 2 * of_few
