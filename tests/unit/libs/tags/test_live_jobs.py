"""Which offers a process takes, and what becomes of its jobs when it is stopped."""

import asyncio
from collections.abc import Coroutine
from typing import Any, NamedTuple

from libs.tags import LiveJobs
from tests.waiting import until


class Order(NamedTuple):
    job: str


class FakeLease:
    epoch = 1

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.is_released = False

    async def release(self) -> None:
        self.is_released = True

    def drop(self) -> None:
        raise AssertionError("nobody else has it")


class Job:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.lease = FakeLease()
        self.is_wanted = True
        self.looks = 0
        self.over = asyncio.Event()

    async def run(self) -> None:
        await self.over.wait()

    def look_again(self) -> bool:
        self.looks += 1
        return self.is_wanted


class House:
    def __init__(self, max_jobs: int = 2) -> None:
        self.begun: list[Job] = []
        self.left: list[Job] = []
        self.is_held = False
        self.may_begin = asyncio.Event()
        self.may_begin.set()
        self.jobs: LiveJobs[Order, Job] = LiveJobs(
            self.begin, spawn=spawn, max_jobs=max_jobs, after=self.leave
        )

    async def begin(self, order: Order) -> Job | None:
        await self.may_begin.wait()
        if self.is_held:
            return None
        self.begun.append(Job(order))
        return self.begun[-1]

    async def leave(self, job: Job) -> None:
        assert job not in self.jobs.running
        self.left.append(job)


def spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(coroutine, name=name)


async def test_offers_are_taken_up_to_the_limit() -> None:
    house = House()
    assert [await house.jobs.take(Order(name)) for name in "abc"] == [True, True, False]
    house.begun[0].over.set()
    await until(lambda: house.left == house.begun[:1])
    assert await house.jobs.take(Order("c"))
    await house.jobs.stop()


async def test_job_that_another_holds_is_left_alone() -> None:
    house = House()
    house.is_held = True
    assert not await house.jobs.take(Order("a"))


async def test_offer_of_a_job_that_runs_makes_it_look_again() -> None:
    house = House(max_jobs=1)
    await house.jobs.take(Order("a"))
    assert await house.jobs.take(Order("a"))
    assert (len(house.begun), house.begun[0].looks) == (1, 1)
    await house.jobs.stop()


async def test_job_that_is_just_ending_is_begun_anew() -> None:
    house = House()
    await house.jobs.take(Order("a"))
    house.begun[0].is_wanted = False
    taking = asyncio.create_task(house.jobs.take(Order("a")))
    await asyncio.sleep(0)
    assert not taking.done()
    house.begun[0].over.set()
    assert await taking
    assert len(house.begun) == 2
    await house.jobs.stop()


async def test_nothing_is_taken_while_stopping() -> None:
    house = House()
    await house.jobs.take(Order("a"))
    house.may_begin.clear()
    taking = asyncio.create_task(house.jobs.take(Order("b")))
    await asyncio.sleep(0)
    await house.jobs.stop()
    house.may_begin.set()
    assert not await taking
    assert house.begun[1].lease.is_released, "another may have it at once"
    assert not await house.jobs.take(Order("c"))
