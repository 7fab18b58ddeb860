"""How a live job lets its lease go."""

import asyncio

import pytest

from libs.tags import IngestFenced, hold


class FakeLease:
    epoch = 3

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.end = ""

    async def release(self) -> None:
        self.end += "released"

    def drop(self) -> None:
        self.end += "dropped"


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_lease_is_free_when_the_work_is_done() -> None:
    lease = FakeLease()
    await hold(lease, asyncio.sleep(0), job="j")
    assert lease.end == "released"


async def test_work_that_fails_is_offered_again() -> None:
    async def fail() -> None:
        raise ValueError

    lease = FakeLease()
    await hold(lease, fail(), job="j")
    assert lease.end == "released"


async def test_lost_lease_ends_the_work_and_is_dropped() -> None:
    ended: list[bool] = []

    async def work() -> None:
        try:
            await for_ever()
        finally:
            ended.append(True)

    lease = FakeLease()
    holding = asyncio.create_task(hold(lease, work(), job="j"))
    await asyncio.sleep(0)
    lease.lost.set()
    with pytest.raises(IngestFenced):
        await holding
    assert (lease.end, ended) == ("dropped", [True])


async def test_fence_that_the_work_meets_drops_the_lease() -> None:
    async def work() -> None:
        raise IngestFenced("newer")

    lease = FakeLease()
    with pytest.raises(IngestFenced):
        await hold(lease, work(), job="j")
    assert lease.end == "dropped"


async def test_job_that_is_told_to_stop_frees_the_lease() -> None:
    lease = FakeLease()
    holding = asyncio.create_task(hold(lease, for_ever(), job="j"))
    await asyncio.sleep(0)
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    assert lease.end == "released"
