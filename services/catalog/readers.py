"""Connections that are kept for questions: to take one out of the pool and to give it back costs
half as much as what is asked.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.catalog.query import Columns, Query

GONE = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What the driver says of a connection that was closed while it was idle."""
KEPT = 2
"""Of those that the pool may have; who finds both at work goes to the pool."""


log = structlog.get_logger()


class _Reader(NamedTuple):
    connection: AsyncConnection
    driver: Any
    """The driver's own connection."""


class Readers:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._idle: list[_Reader] = []
        self._kept = KEPT

    async def read(self, query: Query, values: Sequence[Any]) -> Columns:
        """Raises what the pool and the driver raise."""
        idle = await self._take_idle()
        if idle is not None:
            try:
                return await self._read_by(idle, query, values)
            except TimeoutError:
                raise
            except GONE as error:
                # It went while it was idle, and a question may be asked twice.
                log.info("database.reader_gone", reason=type(error).__name__)
        return await self._read_by(await self._connect(), query, values)

    async def _read_by(self, reader: _Reader, query: Query, values: Sequence[Any]) -> Columns:
        try:
            found = await query.read(reader.driver, self._engine.dialect, values)
        except BaseException:
            # Nobody knows what the driver is still at.
            await _drop(reader)
            raise
        if len(self._idle) < self._kept:
            self._idle.append(reader)
        else:
            await reader.connection.close()
        return found

    async def close(self) -> None:
        """Those that are at work go when they are done."""
        self._kept = 0
        while self._idle:
            await self._idle.pop().connection.close()

    async def _take_idle(self) -> _Reader | None:
        while self._idle:
            reader = self._idle.pop()
            if not self._has_ended(reader):
                return reader
            await _drop(reader)
        return None

    async def _connect(self) -> _Reader:
        connection = await self._engine.connect()
        return _Reader(connection, (await connection.get_raw_connection()).driver_connection)

    def _has_ended(self, reader: _Reader) -> bool:
        """As far as we have heard. A file does not end."""
        return self._engine.dialect.name == "postgresql" and reader.driver.is_closed()


async def _drop(reader: _Reader) -> None:
    try:
        await reader.connection.invalidate()
    finally:
        await reader.connection.close()
