"""Leases as their beats are heard: nobody has to ask about one that beats.

A live job's lease beats each second and is looked at as often; asking the bus costs both sides
several times what hearing does. What has not been heard for a while is read, so that a watch that
missed something, or is over, can only cost questions.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from libs.errors import Unavailable
from services.catalog.beats import LeaseRecord, ReadLease

log = structlog.get_logger()

FRESH_S = 1.5
"""A beat and a half."""
RETRY_S = 1.0


class KeyedRecord(LeaseRecord, Protocol):
    @property
    def key(self) -> str: ...


Tell = Callable[[KeyedRecord], None]


class HeardLeases:
    """`watch` tells of every lease until it is over; both it and `read` raise `Unavailable`."""

    def __init__(
        self,
        watch: Callable[[Tell], Awaitable[None]],
        read: ReadLease,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = watch
        self._read = read
        self._monotonic = monotonic
        self._heard: dict[str, tuple[float, KeyedRecord]] = {}
        """When and what, in the order of hearing."""

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._watch(self.hear)
            except Unavailable as error:
                log.info("leases.unheard", reason=str(error))
            await asyncio.sleep(RETRY_S)

    def hear(self, record: KeyedRecord) -> None:
        now = self._monotonic()
        self._heard.pop(record.key, None)
        self._heard[record.key] = (now, record)
        while now - self._heard[oldest := next(iter(self._heard))][0] > FRESH_S:
            del self._heard[oldest]

    async def get(self, key: str) -> LeaseRecord | None:
        """The lease as it is now. Raises `Unavailable`."""
        heard = self._heard.get(key)
        if heard is not None and self._monotonic() - heard[0] <= FRESH_S:
            return heard[1]
        return await self._read(key)
