"""Which offers a process takes, and who hears the news."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from libs.events import RelayRequested
from services.relay.relays import Relays
from tests.unit.services.relay.far_end import ORDER
from tests.waiting import until


class FakeRelaying:
    def __init__(self, order: RelayRequested) -> None:
        self.order = order
        self.changed = asyncio.Event()
        self.is_ending = False
        self.over = asyncio.Event()

    async def run(self) -> None:
        await self.over.wait()


class House:
    def __init__(self, max_relays: int = 2) -> None:
        self.begun: list[FakeRelaying] = []
        self.is_held = False
        self.relays = Relays(self.begin, spawn=_spawn, max_relays=max_relays)

    async def begin(self, order: RelayRequested) -> FakeRelaying | None:
        if self.is_held:
            return None
        self.begun.append(FakeRelaying(order))
        return self.begun[-1]


def _spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(coroutine, name=name)


def order(target: str, session: str = "s") -> RelayRequested:
    return ORDER.model_copy(update={"target": target, "session": session})


async def test_offers_are_taken_up_to_the_limit() -> None:
    house = House()
    assert [await house.relays.take(order(target)) for target in "abc"] == [True, True, False]
    house.begun[0].over.set()
    await until(lambda: len(house.relays._tasks) == 1)
    assert await house.relays.take(order("c"))
    await house.relays.stop()


async def test_job_that_another_holds_is_left_alone() -> None:
    house = House()
    house.is_held = True
    assert not await house.relays.take(order("a"))


async def test_offer_of_a_job_that_runs_makes_it_look_again() -> None:
    house = House()
    await house.relays.take(order("a"))
    assert await house.relays.take(order("a"))
    assert (len(house.begun), house.begun[0].changed.is_set()) == (1, True)
    await house.relays.stop()


async def test_job_that_was_switched_off_and_on_is_begun_anew() -> None:
    house = House()
    await house.relays.take(order("a"))
    house.begun[0].is_ending = True
    taking = asyncio.create_task(house.relays.take(order("a")))
    await asyncio.sleep(0)
    assert not taking.done()
    house.begun[0].over.set()
    assert await taking
    assert len(house.begun) == 2
    await house.relays.stop()


async def test_news_reach_whom_they_are_about() -> None:
    house = House(max_relays=3)
    for target, session in (("a", "one"), ("a", "two"), ("b", "one")):
        await house.relays.take(order(target, session))
    house.relays.target_changed("b")
    assert [each.changed.is_set() for each in house.begun] == [False, False, True]
    house.relays.session_ended("one")
    assert [each.changed.is_set() for each in house.begun] == [True, False, True]
    await house.relays.stop()


async def test_nothing_is_taken_while_stopping() -> None:
    house = House()
    await house.relays.take(order("a"))
    await house.relays.stop()
    assert not await house.relays.take(order("b"))
