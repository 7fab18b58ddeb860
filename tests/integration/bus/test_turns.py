"""Whose turn it is, among processes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from libs.bus import BusUnavailable
from tests.nats_server import NATSServer
from tests.waiting import until

pytestmark = pytest.mark.integration

Start = Callable[..., Awaitable[None]]


async def test_of_all_who_take_a_turn_at_once_one_gets_it(nats: NATSServer, start: Start) -> None:
    buses = [nats.bus("catalog/1", provisions=True), *(nats.bus(f"g/{n}") for n in range(4))]
    await start(*buses)
    waits_s = await asyncio.gather(*(bus.turns.take("room.ann", 60) for bus in buses * 3))
    assert waits_s.count(0) == 1
    assert all(0 <= wait_s <= 60 for wait_s in waits_s)
    assert await buses[1].turns.take("room.ben", 60) == 0


async def test_a_turn_comes_again_after_the_pause_or_when_it_is_given_back(
    nats: NATSServer, start: Start
) -> None:
    bus, other = nats.bus("catalog/1", provisions=True), nats.bus("gateway/1")
    await start(bus, other)
    assert await bus.turns.take("room.ann", 60) == 0
    assert 0 < await other.turns.take("room.ann", 60) <= 60
    # The pause has been shortened meanwhile: what was taken before counts from then on.
    assert await other.turns.take("room.ann", 0) == 0
    await other.turns.give_back("room.ann")
    assert await bus.turns.take("room.ann", 60) == 0


async def test_while_the_bus_is_away_nobody_has_a_turn(nats: NATSServer, start: Start) -> None:
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    nats.kill()
    await until(lambda: not bus.is_connected)
    with pytest.raises(BusUnavailable):
        await bus.turns.take("room.ann", 60)
