"""Buses on a real nats-server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from libs.bus import Bus


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """Start buses (together: the others wait for the one that provisions), stop them at the end."""
    started: list[Bus] = []

    async def start_all(*buses: Bus) -> None:
        started.extend(buses)
        await asyncio.gather(*(bus.start() for bus in buses))

    yield start_all
    for bus in started:
        await bus.stop()
