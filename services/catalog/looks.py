"""Looking at something again and again, for as long as the service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from libs.errors import Unavailable

log = structlog.get_logger()


async def look_every(every_s: float, look: Callable[[], Awaitable[object]], what: str) -> NoReturn:
    """While what `look` needs is away, the log says so of `what`, and it looks later."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await look()
        except Unavailable as error:
            log.warning("look.waiting", at=what, code=error.code)
