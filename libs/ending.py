"""Ending tasks for sure.

A cancellation may be lost: Python 3.11's `wait_for`, by which the bus's client waits for every
answer, forgets one that comes together with what it waits for. The task then goes on, and whoever
waits for its end waits for ever.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")

AGAIN_S = 5.0
"""Longer than tasks take to leave things in order, which another cancellation would break off."""


async def heard(answer: Awaitable[T]) -> T:
    """The answer, for which somebody else's code waits; a cancellation that came with it counts."""
    task = asyncio.current_task()
    assert task is not None, "only tasks await"
    before = task.cancelling()
    given = await answer
    if task.cancelling() > before:
        raise asyncio.CancelledError
    return given


async def end(*tasks: asyncio.Future[Any], again_s: float = AGAIN_S) -> None:
    """Cancel them until they are over.

    What they end with is theirs to tell: whoever wants to know asks the task. `again_s` is how long
    they may take to end before they are cancelled once more.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_s)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # it is seen, and not told of again when the task is forgotten
