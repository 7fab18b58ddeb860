"""One viewer has its share of burned segments, and others have theirs."""

import asyncio

import pytest

from services.gateway.burning.budget import AT_ONCE, Budget
from services.gateway.errors import ViewerOverBudget


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_viewer_gets_a_burst_and_then_its_rate() -> None:
    clock = Clock()
    budget = Budget(burst=3, rate=0.5, clock=clock)
    for _ in range(3):
        async with budget.spend("one"):
            pass
    with pytest.raises(ViewerOverBudget) as refused:
        async with budget.spend("one"):
            raise AssertionError("it has nothing left")
    assert refused.value.wait_s == 2
    async with budget.spend("another"):
        pass
    clock.now += 2
    async with budget.spend("one"):
        pass


async def test_viewer_has_few_at_once() -> None:
    budget = Budget(burst=10, rate=1)
    running, most, go = 0, 0, asyncio.Event()

    async def burn() -> None:
        nonlocal running, most
        async with budget.spend("one"):
            running += 1
            most = max(most, running)
            await go.wait()
            running -= 1

    tasks = [asyncio.create_task(burn()) for _ in range(6)]
    while running < AT_ONCE:
        await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*tasks)
    assert most == AT_ONCE
