import asyncio

import pytest
from sqlalchemy import func, select, update

from libs.bus.tracing import traceparent, within
from libs.errors import BadRequest, Unavailable
from libs.events import ListDeadLetters, Message, PackageRequested
from services.catalog import outbox
from services.catalog.database import Database
from services.catalog.models import OutboxRow
from services.catalog.outbox import OutboxRelay
from tests.integration.catalog.conftest import Catalog

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Bus:
    """Takes messages, unless it is away."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.traces: list[str | None] = []
        self.is_away = False
        self.refused: set[str] = set()
        self.was_tried_in_vain = asyncio.Event()
        self.grew = asyncio.Condition()

    async def publish(self, message: Message) -> None:
        if self.is_away:
            self.was_tried_in_vain.set()
            raise Unavailable("away")
        if message.natural_key() in self.refused:
            raise BadRequest("never")
        async with self.grew:
            self.taken.append(message.natural_key())
            self.traces.append(traceparent())
            self.grew.notify_all()

    async def has(self, count: int) -> None:
        async with asyncio.timeout(10), self.grew:
            await self.grew.wait_for(lambda: len(self.taken) >= count)


def order(number: int) -> PackageRequested:
    return PackageRequested(
        job=f"job-{number}",
        attempt=1,
        tenant="default",
        stream="cam-1",
        session="00000001-00000001",
        origin_url="http://ingest-1",
        segment_s=2.0,
        playlist_segments=6,
    )


async def queue(catalog: Catalog, *numbers: int, trace: str | None = None) -> None:
    async with catalog.database.transaction() as tx:
        for number in numbers:
            await outbox.add(
                tx,
                order(number),
                tenant="default",
                now=catalog.clock.now,
                traceparent=trace,
            )


async def pending(database: Database) -> int:
    async with database.transaction(read_only=True) as tx:
        return (await tx.execute(select(func.count()).select_from(OutboxRow))).scalar_one()


async def test_messages_are_said_in_order_and_forgotten(catalog: Catalog) -> None:
    await queue(catalog, *range(250))
    bus = Bus()
    relay = OutboxRelay(catalog.database, bus.publish)
    assert [await relay.say_batch() for _ in range(4)] == [100, 100, 50, 0]
    assert bus.taken == [f"job-{number}:1" for number in range(250)]
    assert await pending(catalog.database) == 0


async def test_message_of_a_rolled_back_transaction_is_never_said(catalog: Catalog) -> None:
    with pytest.raises(BadRequest):
        await _queue_and_fail(catalog)
    assert not catalog.database.outbox_filled.is_set()
    assert await pending(catalog.database) == 0


async def _queue_and_fail(catalog: Catalog) -> None:
    async with catalog.database.transaction() as tx:
        await outbox.add(tx, order(1), tenant="default", now=catalog.clock.now)
        raise BadRequest("changed our mind")


async def test_message_is_queued_once_while_it_is_pending(catalog: Catalog) -> None:
    await queue(catalog, 1, 1)
    await queue(catalog, 1)
    assert await pending(catalog.database) == 1


async def test_message_is_said_in_the_trace_it_belongs_to(catalog: Catalog) -> None:
    with within(TRACE):
        await queue(catalog, 1)
    await queue(catalog, 2, trace=TRACE)
    await queue(catalog, 3)
    bus = Bus()
    await OutboxRelay(catalog.database, bus.publish).say_batch()
    assert bus.traces == [TRACE, TRACE, None]


async def test_relay_wakes_up_at_a_commit_and_survives_an_outage(catalog: Catalog) -> None:
    bus = Bus()
    relay = asyncio.create_task(OutboxRelay(catalog.database, bus.publish).run())
    await queue(catalog, 1)
    await bus.has(1)
    bus.is_away = True
    await queue(catalog, 2, 3)
    async with asyncio.timeout(10):
        await bus.was_tried_in_vain.wait()
    assert await pending(catalog.database) == 2
    bus.is_away = False
    await bus.has(3)
    assert bus.taken == ["job-1:1", "job-2:1", "job-3:1"]
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)


async def test_outage_in_the_middle_says_nothing_twice(catalog: Catalog) -> None:
    await queue(catalog, 1, 2, 3)
    bus = Bus()
    taken = bus.publish

    async def publish(message: Message) -> None:
        bus.is_away = message.natural_key() == "job-2:1"
        await taken(message)

    with pytest.raises(Unavailable):
        await OutboxRelay(catalog.database, publish).say_batch()
    assert await pending(catalog.database) == 2
    bus.is_away = False
    await OutboxRelay(catalog.database, bus.publish).say_batch()
    assert bus.taken == ["job-1:1", "job-2:1", "job-3:1"]


async def test_rows_outlive_the_process(catalog: Catalog) -> None:
    await queue(catalog, 1)
    await catalog.database.close()
    bus = Bus()
    again = Database(catalog.url)
    await OutboxRelay(again, bus.publish).say_batch()
    await again.close()
    assert bus.taken == ["job-1:1"]


async def test_message_that_can_never_be_said_is_buried_and_others_flow(
    catalog: Catalog,
) -> None:
    await queue(catalog, 1, 2, 3, 4)
    async with catalog.database.transaction() as tx:
        unknown = update(OutboxRow).where(OutboxRow.message_id.contains("job-1:"))
        await tx.execute(unknown.values(type="gone.fact"))
        invalid = update(OutboxRow).where(OutboxRow.message_id.contains("job-2:"))
        await tx.execute(invalid.values(data={"nothing": 1}))
    bus = Bus()
    bus.refused = {"job-3:1"}
    await OutboxRelay(catalog.database, bus.publish).say_batch()
    assert bus.taken == ["job-4:1"]
    assert await pending(catalog.database) == 0
    letters = (await catalog.answers.list_dead_letters(ListDeadLetters())).dead_letters
    assert sorted(letter.code for letter in letters) == [
        "bad_request",
        "outbox_message_invalid",
        "outbox_message_invalid",
    ]
