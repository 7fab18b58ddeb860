"""Facts of many sessions at a rate, each said until the bus has it, as a packager's spool does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.segment_log import said_values

TICK_S = 0.02
RETRY_S = 0.5

Publish = Callable[[dict[str, Any]], Awaitable[bool]]
"""Of a row; whether the bus has it."""


async def publish_all(
    publish: Publish, *, sessions: int, start_s: int, rate: int, seconds: float
) -> None:
    """Say `rate` rows a second, session by session; print of each which it is and when it was said
    first, on the monotonic clock.
    """
    said: list[str] = []
    rows = [
        said_values(number % sessions, start_s, number // sessions)
        for number in range(round(rate * seconds))
    ]
    async with asyncio.TaskGroup() as group:
        began = time.monotonic()
        for number, row in enumerate(rows):
            due = began + number / rate // TICK_S * TICK_S
            if (wait_s := due - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            said.append(f"{row['session']} {row['msn']} {time.monotonic():.6f}")
            group.create_task(_until_stored(publish, row))
    print("\n".join(said), flush=True)


async def _until_stored(publish: Publish, row: dict[str, Any]) -> None:
    while not await publish(row):  # noqa: ASYNC110 - what is awaited tells by its answer
        await asyncio.sleep(RETRY_S)
