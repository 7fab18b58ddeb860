"""Single flight."""

import asyncio

import pytest

from services.gateway.playback.flights import Flights


class Counted:
    def __init__(self) -> None:
        self.calls = 0
        self.go = asyncio.Event()

    async def fetch(self) -> int:
        self.calls += 1
        await self.go.wait()
        if self.calls == 13:
            raise OSError("broken")
        return self.calls


async def test_herd_makes_one_fetch() -> None:
    flights: Flights[int] = Flights()
    origin = Counted()
    herd = [asyncio.create_task(flights.fly("a", origin.fetch)) for _ in range(1000)]
    await asyncio.sleep(0)
    origin.go.set()
    assert await asyncio.gather(*herd) == [1] * 1000
    assert origin.calls == 1
    assert await flights.fly("a", origin.fetch) == 2, "nothing is kept"


async def test_cancelled_waiter_takes_nobody_along() -> None:
    flights: Flights[int] = Flights()
    origin = Counted()
    first = asyncio.create_task(flights.fly("a", origin.fetch))
    second = asyncio.create_task(flights.fly("a", origin.fetch))
    await asyncio.sleep(0)
    first.cancel()
    origin.go.set()
    assert await second == 1
    assert first.cancelled()


async def test_error_reaches_all_and_is_not_kept() -> None:
    flights: Flights[int] = Flights()
    origin = Counted()
    origin.calls = 12
    origin.go.set()
    results = await asyncio.gather(
        *(flights.fly("a", origin.fetch) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [OSError] * 3
    assert await flights.fly("a", origin.fetch) == 14


async def test_error_that_nobody_waits_for_is_no_warning() -> None:
    flights: Flights[int] = Flights()
    origin = Counted()
    origin.calls = 12
    waiter = asyncio.create_task(flights.fly("a", origin.fetch))
    await asyncio.sleep(0)
    waiter.cancel()
    origin.go.set()
    async with asyncio.timeout(5):
        while len(flights):
            await asyncio.sleep(0)


async def test_close_ends_what_is_under_way() -> None:
    flights: Flights[int] = Flights()
    waiter = asyncio.create_task(flights.fly("a", Counted().fetch))
    await asyncio.sleep(0)
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert not len(flights)
