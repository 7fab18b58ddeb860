"""How often the catalog hears that a session is watched."""

import asyncio

from libs.errors import Unavailable
from libs.events import LadderDemand
from services.gateway.playback.demand import RETRY_S, Demand
from tests.waiting import until

ONE, TWO = "69573000-00000001", "69573100-00000002"
AGAIN_S = 15.0


class Catalog:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.is_away = False
        self.now_s = 0.0

    async def want_ladder(self, session: str) -> LadderDemand:
        self.heard.append(session)
        if self.is_away:
            raise Unavailable("away")
        return LadderDemand(again_s=AGAIN_S, rungs=("480p",))

    def demand(self) -> Demand:
        return Demand(self.want_ladder, clock=lambda: self.now_s)


async def crowd(demand: Demand, session: str = ONE) -> None:
    for _ in range(50):
        demand.note(session)
    await asyncio.sleep(0.01)


async def test_crowd_is_said_once_and_again_when_it_was_asked_for() -> None:
    catalog = Catalog()
    demand = catalog.demand()
    await crowd(demand)
    catalog.now_s = AGAIN_S - 0.1
    await crowd(demand)
    assert catalog.heard == [ONE]
    catalog.now_s = AGAIN_S + 0.1
    await crowd(demand)
    await crowd(demand, TWO)
    assert catalog.heard == [ONE, ONE, TWO]


async def test_catalog_that_is_away_is_tried_again_soon() -> None:
    catalog = Catalog()
    demand = catalog.demand()
    catalog.is_away = True
    await crowd(demand)
    await crowd(demand)
    assert catalog.heard == [ONE]
    catalog.is_away = False
    catalog.now_s = RETRY_S + 0.1
    await crowd(demand)
    assert catalog.heard == [ONE, ONE]
    await demand.close()


async def test_rung_is_planned_if_the_catalog_says_so_or_nothing() -> None:
    catalog = Catalog()
    demand = catalog.demand()
    assert await demand.is_planned(ONE, "480p")
    assert not await demand.is_planned(ONE, "720p")
    catalog.is_away = True
    assert await demand.is_planned(ONE, "720p"), "who waits goes on waiting"


async def test_closing_ends_what_is_being_said() -> None:
    async def never(_session: str) -> LadderDemand:
        await asyncio.Event().wait()
        raise AssertionError

    demand = Demand(never)
    demand.note(ONE)
    await demand.close()
    await until(lambda: len(asyncio.all_tasks()) == 1)
