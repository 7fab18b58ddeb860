"""The door to the database: one engine, and one transaction for each message or request."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import prometheus_client
import structlog
from sqlalchemy import Connection, CursorResult, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from services.catalog.errors import DatabaseDown
from services.catalog.models import Base

log = structlog.get_logger()

STATEMENT_TIMEOUT_S = 4.0
"""A statement that takes longer means that the database is away, not that it is thinking."""
TRANSACTION_TIMEOUT_S = 8.0
CONNECT_TIMEOUT_S = 3.0
BUSY_TIMEOUT_MS = 4000
"""How long SQLite waits for another writer."""

_READ_ONLY = "weir_read_only"
_READING: dict[str, Any] = {_READ_ONLY: True}
_WRITING: dict[str, Any] = {_READ_ONLY: False}
_FILLS_OUTBOX = "weir_fills_outbox"
# Postgres: connection lost, transaction rolled back (deadlock), out of resources, shutting down.
_OUTAGE_SQLSTATES = ("08", "40", "53", "57P")
# SQLite: READONLY, BUSY, LOCKED, IOERR, FULL, CANTOPEN; "no such table" would be our own fault.
_OUTAGE_SQLITE_CODES = frozenset({5, 6, 8, 10, 13, 14})
_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_SECONDS = prometheus_client.Histogram(
    "weir_catalog_transaction_seconds",
    "Time that a database transaction took.",
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)


class Database:
    """`transaction()` is the only way in; nothing else commits.

    `outbox_filled` is set after each commit that queued a message. `trouble` says why the last
    transaction failed, while the database is away; else it is None.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.outbox_filled = asyncio.Event()
        self.trouble: str | None = None
        self._is_open = True

    def hold(self) -> None:
        """Refuse transactions until `open`: the schema may not be there yet."""
        self._is_open, self.trouble = False, "the schema is not there yet"

    def open(self) -> None:
        self._is_open, self.trouble = True, None

    @contextlib.asynccontextmanager
    async def transaction(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, rolled back by any error.

        Raises `DatabaseDown` (retryable) when the database is away, locked or too slow.
        """
        if not self._is_open:
            raise DatabaseDown("The catalog is starting; try again soon.")
        began = time.perf_counter()
        session = AsyncSession(self.engine, expire_on_commit=False, autoflush=True)
        try:
            async with asyncio.timeout(TRANSACTION_TIMEOUT_S), session:
                await session.connection(execution_options=_READING if read_only else _WRITING)
                yield session
                await session.commit()
        except Exception as error:
            reason = outage_of(error)
            if reason is None:
                raise
            if self.trouble is None:
                log.warning("database.down", reason=reason)
            self.trouble = reason
            raise DatabaseDown("The catalog's database is away; try again soon.") from error
        if self.trouble is not None:
            log.info("database.up")
            self.trouble = None
        _SECONDS.observe(time.perf_counter() - began)
        if session.info.get(_FILLS_OUTBOX):
            self.outbox_filled.set()

    async def close(self) -> None:
        await self.engine.dispose()


def fills_outbox(tx: AsyncSession) -> None:
    """Say that this transaction queues a message, so that the relay wakes up after its commit."""
    tx.info[_FILLS_OUTBOX] = True


async def insert_new(tx: AsyncSession, model: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there; say whether it is new."""
    dialect = tx.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    result = await tx.execute(insert(model).values(values).on_conflict_do_nothing())
    return cast("CursorResult[Any]", result).rowcount == 1


def make_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite:///path` or `postgresql://…`; the async drivers are filled in."""
    parsed = with_driver(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed)
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        parsed,
        pool_size=8,
        max_overflow=8,
        pool_timeout=CONNECT_TIMEOUT_S,
        # A connection that died while it was idle is found out before it is used.
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": STATEMENT_TIMEOUT_S},
    )


def with_driver(url: str) -> URL:
    parsed = make_url(url)
    driver = _ASYNC_DRIVERS.get(parsed.drivername, parsed.drivername)
    return parsed.set(drivername=driver)


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN is deferred: two readers that turn writers would deadlock into
    # "database is locked" at once, whatever the busy timeout. So transactions begin in our hands.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        # The catalog acknowledges facts after its commit; a commit must outlive a power cut.
        "synchronous = FULL",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


def outage_of(error: Exception) -> str | None:
    """Why `error` means that the database is away (the same call may work later), or None."""
    if isinstance(error, OSError | TimeoutError | PoolTimeoutError):
        return type(error).__name__
    # While it connects, the Postgres driver's own errors come as they are.
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    sqlstate = getattr(cause, "sqlstate", None) or ""
    sqlite_code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    is_outage = (
        (isinstance(error, DBAPIError) and error.connection_invalidated)
        or isinstance(error, InterfaceError)
        or sqlstate.startswith(_OUTAGE_SQLSTATES)
        or sqlite_code in _OUTAGE_SQLITE_CODES
    )
    return type(cause).__name__ if is_outage else None
