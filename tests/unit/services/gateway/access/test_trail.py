"""What was done is said in batches."""

import asyncio
from datetime import UTC, datetime

from libs.events import AuditEntry, AuditRecorded
from libs.events.audit import MAX_ENTRIES
from services.gateway.access.trail import Trail


def entry(number: int) -> AuditEntry:
    return AuditEntry(
        id=str(number),
        tenant="default",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        actor_kind="user",
        actor="user-1",
        actor_name="ann",
        address="192.0.2.1",
        method="POST",
        route="/api/v1/streams",
        target="/api/v1/streams",
        status=201,
        outcome="done",
    )


async def test_entries_are_said_together_soon_and_each_once() -> None:
    said: list[AuditRecorded] = []
    trail = Trail(said.append)
    running = asyncio.create_task(trail.run())
    for number in range(3):
        trail.note(entry(number))
    assert said == []
    async with asyncio.timeout(10):
        while not said:
            await asyncio.sleep(0.01)
    trail.flush()
    assert [[each.id for each in fact.entries] for fact in said] == [["0", "1", "2"]]
    running.cancel()


async def test_many_do_not_wait_and_fit_one_message() -> None:
    said: list[AuditRecorded] = []
    trail = Trail(said.append)
    for number in range(MAX_ENTRIES + 1):
        trail.note(entry(number))
    assert [len(fact.entries) for fact in said] == [MAX_ENTRIES]
    assert len(said[0].model_dump_json()) < 500_000
    trail.flush()
    trail.flush()
    assert [len(fact.entries) for fact in said] == [MAX_ENTRIES, 1]
    assert len({fact.natural_key() for fact in said}) == 2
