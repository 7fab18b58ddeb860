"""Asking the catalog whether a live job is still wanted, and how."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from libs.errors import NotFound, WeirError

RETRY_S = 1.0

W = TypeVar("W")


async def ask_wanted(
    ask: Callable[[], Awaitable[W]], *, known: W | None, changed: asyncio.Event
) -> W | None:
    """What the catalog wants now; None if nothing (404).

    While it does not answer, that is what it wanted before (`known`), and `changed` is set a
    moment later, so that it is asked again.
    """
    while True:
        changed.clear()
        try:
            return await ask()
        except WeirError as error:
            if error.status == NotFound.status and changed.is_set():
                continue  # it was changed again while we asked
            if error.status == NotFound.status:
                return None
            if not error.retry:
                raise
            if known is not None:
                asyncio.get_running_loop().call_later(RETRY_S, changed.set)
                return known
        await asyncio.sleep(RETRY_S)
