"""Objects that are read for longer than retention waits: whoever reads them says so."""

import asyncio
from collections.abc import AsyncIterator

import structlog

from libs.errors import WeirError
from libs.events import DeferDiscards
from services.gateway.api.house import Catalog
from services.gateway.api.ranged import Read

EVERY_S = 15.0
FOR_S = 60.0

log = structlog.get_logger()


def kept(read: Read, catalog: Catalog, key: str, *, every_s: float = EVERY_S) -> Read:
    """`read`, while which the object `key` is not deleted, however slow the reader is."""

    async def reading(first: int, last: int) -> AsyncIterator[bytes]:
        saying = asyncio.create_task(_say(catalog, key, every_s))
        try:
            async for chunk in read(first, last):
                yield chunk
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)

    return reading


async def _say(catalog: Catalog, key: str, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await catalog.ask(DeferDiscards(keys=(key,), for_s=FOR_S))
        except WeirError as error:
            # It is away; but whoever deletes asks it first, too.
            log.info("kept.waiting", code=error.code)
