"""The whole catalog, on a real bus: what is said is in the rows, whatever is killed meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.bus import Bus
from libs.errors import WeirError
from libs.events import (
    DeadLetter,
    Envelope,
    GetStream,
    Job,
    ListDeadLetters,
    ListJobs,
    ListSegments,
    ListSessions,
    PackageRequested,
    PublishGrant,
    Segment,
    Session,
)
from libs.names import DEFAULT_TENANT, SOURCE
from tests.integration.catalog.house import House, eventually, on_air
from tests.integration.catalog.said import Said


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """As it runs embedded."""
    async for house in _running(tmp_path, f"sqlite:///{tmp_path / 'catalog.db'}"):
        yield house


@pytest.fixture
async def any_house(empty_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """Once on SQLite and once on Postgres."""
    async for house in _running(tmp_path, empty_url):
        yield house


async def _running(home: Path, database_url: str) -> AsyncIterator[House]:
    house = House(home, database_url)
    house.nats.start()
    house.catalog.start()
    yield house
    await house.close()


async def segments_of(bus: Bus, grant: PublishGrant) -> list[Segment]:
    ask = ListSegments(tenant=DEFAULT_TENANT, session=grant.session, rendition=SOURCE, limit=1000)
    return list((await bus.ask(ask)).segments)


async def the_session(bus: Bus) -> Session:
    (session,) = (await bus.ask(ListSessions())).sessions
    return session


async def settled(bus: Bus, grant: PublishGrant, count: int) -> list[Segment]:
    """The session's rows once there are `count`, whoever is starting, or starts once more."""

    async def look() -> list[Segment] | None:
        try:
            found = await segments_of(bus, grant)
        except WeirError as error:
            if not error.retry:
                raise
            return None
        return found if len(found) >= count else None

    return await eventually(look)


async def test_a_session_from_publish_to_completed_job(any_house: House) -> None:
    bus = await any_house.connect("ingest/ingest-1")
    grant = await on_air(bus)
    said = Said(grant)
    bus.say(said.published())
    bus.say(said.rendition_started())
    for index in range(20):
        bus.say(said.ready(index))
    rows = await settled(bus, grant, 20)
    assert rows == [said.ready(index).segment for index in range(20)]
    stream = await bus.ask(GetStream(tenant=DEFAULT_TENANT, id="cam-1"))
    assert (stream.is_live, stream.live_session) == (True, grant.session)

    bus.say(said.unpublished())
    bus.say(said.rendition_ended(said.first_msn + 19))
    bus.say(said.ended())

    async def completed() -> Job | None:
        (job,) = (await bus.ask(ListJobs())).jobs
        return job if job.state == "completed" else None

    await eventually(completed)
    session = await the_session(bus)
    assert (session.cause, session.segments, session.is_publishing) == (
        "publisher_ended",
        20,
        False,
    )


async def test_catalog_killed_under_load_loses_nothing(house: House) -> None:
    bus = await house.connect("ingest/ingest-1")
    grant = await on_air(bus)
    said = Said(grant)
    bus.say(said.published())
    for index in range(150):
        bus.say(said.ready(index))
        if index == 60:
            await settled(bus, grant, 30)
            house.catalog.kill()
            house.catalog.start()
    rows = await settled(bus, grant, 150)
    assert [row.msn - said.first_msn for row in rows] == list(range(150))
    assert (await the_session(bus)).segments == 150
    assert (await bus.ask(ListDeadLetters())).dead_letters == ()


@pytest.mark.parametrize("is_wiped", [False, True])
async def test_bus_killed_or_wiped_resumes_by_itself(house: House, is_wiped: bool) -> None:
    bus = await house.connect("ingest/ingest-1")
    grant = await on_air(bus)
    said = Said(grant)
    bus.say(said.published())
    for index in range(10):
        bus.say(said.ready(index))
    await settled(bus, grant, 10)
    house.nats.kill()
    if is_wiped:
        house.nats.wipe()
    for index in range(10, 20):
        bus.say(said.ready(index))
    house.nats.start()
    stop = asyncio.Event()
    keeper = asyncio.create_task(_launcher(house, stop))
    rows = await settled(bus, grant, 20)
    assert [row.msn - said.first_msn for row in rows] == list(range(20))
    stop.set()
    await keeper


async def _launcher(house: House, stop: asyncio.Event) -> None:
    """A catalog that ends itself is started again, as in every way to run it."""
    while not stop.is_set():
        if house.catalog.has_ended:
            house.catalog.start()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.2)


async def test_packager_that_dies_is_replaced_by_a_new_offer(house: House) -> None:
    offers: asyncio.Queue[PackageRequested] = asyncio.Queue()
    packager = house.bus("packager/packager-1")

    async def take(envelope: Envelope[PackageRequested]) -> None:
        offers.put_nowait(envelope.data)

    packager.on_offer(PackageRequested, durable="packager")(take)
    await packager.start()
    bus = await house.connect("ingest/ingest-1")
    grant = await on_air(bus)
    bus.say(Said(grant).published())
    async with asyncio.timeout(20):
        first = await offers.get()
        lease = await packager.leases.take(
            f"package.{first.session}",
            holder="packager-1",
            url="http://packager-1",
            stream=first.stream,
            session=first.session,
        )
    assert lease is not None

    async def running() -> Job | None:
        (job,) = (await bus.ask(ListJobs())).jobs
        return job if job.state == "running" else None

    assert (await eventually(running)).attempt == 1
    # It beats, so nobody else is asked.
    await asyncio.wait({asyncio.create_task(lease.lost.wait())}, timeout=5)
    assert offers.empty()
    lease.drop()
    async with asyncio.timeout(20):
        second = await offers.get()
    assert (second.job, second.session) == (first.job, first.session)
    assert second.attempt == 2


async def test_poison_is_buried_in_sight_and_others_flow(house: House) -> None:
    bus = await house.connect("ingest/ingest-1")
    grant = await on_air(bus)
    said = Said(grant)
    await bus.publish_raw("segment.ready", b"{not json", {"Nats-Msg-Id": "poison-1"})
    await bus.publish_raw("segment.ready", b'{"data": {}}', {"Nats-Msg-Id": "poison-2"})
    stranger = said.ready(1)
    stranger = stranger.model_copy(
        update={"segment": stranger.segment.model_copy(update={"stream": "cam-2"})}
    )
    bus.say(stranger)
    bus.say(said.ready(0))
    assert len(await settled(bus, grant, 1)) == 1

    async def letters() -> tuple[DeadLetter, ...] | None:
        found = (await bus.ask(ListDeadLetters())).dead_letters
        return found if len(found) == 3 else None

    codes = sorted(letter.code for letter in await eventually(letters))
    assert codes == ["fact_contradicts", "message_undecodable", "message_undecodable"]
