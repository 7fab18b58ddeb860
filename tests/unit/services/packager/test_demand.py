"""Ingest hears whether anybody waits for parts."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from libs.errors import WeirError
from libs.tags.errors import IngestAway, SessionUnknown
from services.packager.demand import WAIT_S, Demand
from tests.waiting import until


class Wishes:
    def __init__(self) -> None:
        self.said: list[float] = []
        self.error: WeirError | None = None

    async def __call__(self, wait_s: float) -> None:
        self.said.append(wait_s)
        if self.error is not None:
            raise self.error


@pytest.fixture
def wishes() -> Wishes:
    return Wishes()


@pytest.fixture
async def demand(wishes: Wishes) -> AsyncIterator[Demand]:
    demand = Demand(wishes, quiet_s=0.1)
    running = asyncio.create_task(demand.run())
    yield demand
    assert not running.done()
    running.cancel()


async def test_quiet_lets_ingest_gather_until_somebody_asks(demand: Demand, wishes: Wishes) -> None:
    await until(lambda: wishes.said == [0, WAIT_S])
    demand.note()
    await until(lambda: wishes.said == [0, WAIT_S, 0])
    await until(lambda: wishes.said == [0, WAIT_S, 0, WAIT_S])


async def test_nothing_is_said_while_requests_go_on(demand: Demand, wishes: Wishes) -> None:
    for _ in range(15):
        demand.note()
        await asyncio.sleep(0.02)
    assert wishes.said == [0]
    await until(lambda: wishes.said == [0, WAIT_S])


@pytest.mark.parametrize("error", [IngestAway("away"), SessionUnknown("gone")])
async def test_ingest_that_does_not_hear_changes_nothing(
    demand: Demand, wishes: Wishes, error: WeirError
) -> None:
    wishes.error = error
    await until(lambda: wishes.said == [0, WAIT_S])
    demand.note()
    await until(lambda: wishes.said[2:] == [0, WAIT_S])


async def test_wait_that_was_bound_is_said_anew(demand: Demand, wishes: Wishes) -> None:
    await until(lambda: wishes.said == [0, WAIT_S])
    demand.bound(0.1)
    await until(lambda: wishes.said == [0, WAIT_S, 0, 0.1])
    demand.bound(WAIT_S)
    await until(lambda: wishes.said[4:] == [0, 0.1])
