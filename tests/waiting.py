"""Waiting for a condition, in place of sleeping for what is usually long enough."""

import asyncio
import time
from collections.abc import Callable

EVERY_S = 0.02
PATIENCE_S = 30.0
"""So long may it take on a busy machine; only a failing test waits for it."""


def wait_until(
    condition: Callable[[], object],
    *,
    within_s: float = PATIENCE_S,
    what: str | Callable[[], str] = "the condition",
) -> None:
    """As `until`, where no event loop runs; `what` may be found out when it did not come."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() >= deadline:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {within_s:g} s: {said}")
        time.sleep(EVERY_S)


async def until(
    condition: Callable[[], object], *, within_s: float = PATIENCE_S, what: str = "the condition"
) -> None:
    """Return once `condition()` holds; fails after `within_s`, naming `what` did not come."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(EVERY_S)
