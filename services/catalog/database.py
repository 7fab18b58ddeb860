"""The door to the database: one engine, and one transaction for each message or request."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, cast

import prometheus_client
import structlog
from sqlalchemy import Connection, CursorResult, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import AdaptedConnection, DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from services.catalog.errors import DatabaseDown, DatabaseURLInvalid
from services.catalog.models import Base
from services.catalog.query import Columns, Query
from services.catalog.readers import GONE, Readers

log = structlog.get_logger()

# Askers wait 5 s; a database that needs longer than this is away, not thinking.
TRANSACTION_TIMEOUT_S = 4.0
STATEMENT_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 2.0
BUSY_TIMEOUT_MS = 3000
"""How long SQLite waits for another writer."""
PROBE_S = 1.0
"""While the database is away one transaction in this time tries it; the others fail at once."""

_READ_ONLY = "weir_read_only"
_READING: dict[str, Any] = {_READ_ONLY: True}
_WRITING: dict[str, Any] = {_READ_ONLY: False}
_FILLS_OUTBOX = "weir_fills_outbox"
_FILLS_EVENTS = "weir_fills_events"
_NEW = "weir_new"
"""A connection that has just been made need not be asked whether it lives."""
# Postgres: connection lost, out of resources, shutting down; transaction rolled back (deadlock).
_OUTAGE_SQLSTATES, _CONTENTION_SQLSTATES = ("08", "53", "57P"), ("40",)
# SQLite: READONLY, IOERR, FULL, CANTOPEN; BUSY, LOCKED. ("No such table" would be our own fault.)
_OUTAGE_SQLITE_CODES, _CONTENTION_SQLITE_CODES = frozenset({8, 10, 13, 14}), frozenset({5, 6})
_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
URL_FORMS = "sqlite:///path or postgresql://user:password@host:port/name"
_SECONDS = prometheus_client.Histogram(
    "weir_catalog_transaction_seconds",
    "Time that a database transaction took.",
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)


class Database:
    """`transaction()` is the only way in; nothing else commits.

    `outbox_filled` is set after each commit that queued a message, and `outbox_fills` counts them;
    `events_filled` after each that wrote a public event, or made a delivery due.
    `trouble` says why the last transaction failed, while the database is away; else it is None.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._readers = Readers(self.engine)
        self.outbox_filled = asyncio.Event()
        self.outbox_fills = 0
        self.events_filled = asyncio.Event()
        self.trouble: str | None = None
        self._is_open = True
        self._probe_at = 0.0

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
        with self._watched():
            session = AsyncSession(self.engine, expire_on_commit=False, autoflush=True)
            async with asyncio.timeout(TRANSACTION_TIMEOUT_S), session:
                await session.connection(execution_options=_READING if read_only else _WRITING)
                yield session
                await session.commit()
        if session.info.get(_FILLS_OUTBOX):
            self.outbox_filled.set()
            self.outbox_fills += 1
        if session.info.get(_FILLS_EVENTS):
            self.events_filled.set()

    async def columns(self, query: Query, *values: Any) -> Columns:
        """What one statement finds, of this moment, by the shortest way there is: see `Query`.

        Raises `DatabaseDown`, as `transaction` does.
        """
        with self._watched():
            async with asyncio.timeout(TRANSACTION_TIMEOUT_S):
                return await self._readers.read(query, values)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Refuse while the database is away, and learn from what happens whether it is."""
        if not self._is_open:
            raise DatabaseDown("The catalog is starting; try again soon.")
        if self.trouble is not None:
            self._probe_or_fail()
        began = time.perf_counter()
        try:
            yield
        except Exception as error:
            reason = outage_of(error)
            self._note(None if _is_contention(error) else reason)
            if reason is None:
                raise
            raise DatabaseDown("The catalog's database is away; try again soon.") from error
        self._note(None)
        _SECONDS.observe(time.perf_counter() - began)

    def _probe_or_fail(self) -> None:
        """While the database is away, let one transaction in a while find out."""
        now = time.monotonic()
        if now < self._probe_at:
            raise DatabaseDown("The catalog's database is away; try again soon.")
        self._probe_at = now + TRANSACTION_TIMEOUT_S

    def _note(self, trouble: str | None) -> None:
        """What the last transaction learned of the database: why it is away, or that it is not."""
        if trouble is not None:
            self._probe_at = time.monotonic() + PROBE_S
        if (self.trouble is None) != (trouble is None):
            log.warning("database.down" if trouble else "database.up", reason=trouble)
        self.trouble = trouble

    async def close(self) -> None:
        await self._readers.close()
        await self.engine.dispose()


@contextlib.asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that sees the database as it is now, for as long as it takes."""
    async with engine.connect() as connection:
        options = dict(_READING)
        if engine.dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"
        await connection.execution_options(**options)
        yield connection


def fills_outbox(tx: AsyncSession) -> None:
    """Say that this transaction queues a message, so that the relay wakes up after its commit."""
    tx.info[_FILLS_OUTBOX] = True


def fills_events(tx: AsyncSession) -> None:
    """Say that this transaction writes a public event: the sequencer wakes up after its commit."""
    tx.info[_FILLS_EVENTS] = True


async def insert_new(tx: AsyncSession, model: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there; say whether it is new."""
    dialect = tx.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    result = await tx.execute(insert(model).values(values).on_conflict_do_nothing())
    return cast("CursorResult[Any]", result).rowcount == 1


async def insert_new_of(
    tx: AsyncSession,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[str],
) -> set[tuple[Any, ...]]:
    """Insert those of the rows whose keys are not there; returns these columns of each."""
    dialect = tx.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # The table, not the model: many rows are then one statement that is compiled once.
    table = cast("Table", model.__table__)
    statement = insert(table).on_conflict_do_nothing().returning(*(table.c[name] for name in key))
    return {tuple(row) for row in await tx.execute(statement, list(rows))}


async def insert_all_new(
    tx: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert those of the rows whose keys are not there."""
    dialect = tx.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # As above: with the rows in it, the statement would be compiled for each number of them.
    table = cast("Table", model.__table__)
    await tx.execute(insert(table).on_conflict_do_nothing(), list(rows))


def make_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite:///path` or `postgresql://…`; the async drivers are filled in."""
    parsed = with_driver(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    engine = create_async_engine(
        parsed,
        # Addresses with stream keys are parameters; an error's text must not hold them.
        hide_parameters=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": STATEMENT_TIMEOUT_S},
    )
    event.listen(engine.sync_engine, "connect", _note_new)
    event.listen(engine.sync_engine, "checkout", _refuse_dead)
    return engine


def with_driver(url: str) -> URL:
    """Raises `DatabaseURLInvalid`, which never repeats the password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseURLInvalid(f"WEIR_DATABASE_URL must look like {URL_FORMS}.") from None
    driver = _ASYNC_DRIVERS.get(parsed.drivername, parsed.drivername)
    if driver not in _ASYNC_DRIVERS.values():
        raise DatabaseURLInvalid(
            f"WEIR_DATABASE_URL names {parsed.drivername!r}; it must look like {URL_FORMS}."
        )
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


def _note_new(_: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    entry.info[_NEW] = True


def _refuse_dead(
    connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection
) -> None:
    """A connection that died while it was idle is found out before it is used.

    One round trip; `pool_pre_ping` makes three of it.
    """
    if entry.info.pop(_NEW, False):
        return
    try:
        cast("AdaptedConnection", connection).run_async(lambda driver: driver.execute("SELECT 1"))
    except TimeoutError:
        raise
    except GONE as error:
        raise DisconnectionError("The server closed the connection.") from error


def _begin_sqlite(connection: Connection) -> None:
    is_read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


def outage_of(error: Exception) -> str | None:
    """Why `error` means that the database is away (the same call may work later), or None."""
    if isinstance(error, OSError | TimeoutError | PoolTimeoutError):
        return type(error).__name__
    cause = _cause(error)
    is_outage = (
        (isinstance(error, DBAPIError) and error.connection_invalidated)
        or isinstance(error, InterfaceError)
        or _sqlstate(error).startswith(_OUTAGE_SQLSTATES)
        or _sqlite_code(error) in _OUTAGE_SQLITE_CODES
        or _is_contention(error)
    )
    return type(cause).__name__ if is_outage else None


def _is_contention(error: Exception) -> bool:
    """Whether the database is there, but another transaction was in the way."""
    return (
        _sqlstate(error).startswith(_CONTENTION_SQLSTATES)
        or _sqlite_code(error) in _CONTENTION_SQLITE_CODES
    )


def _cause(error: Exception) -> BaseException:
    # While it connects, the Postgres driver's own errors come as they are.
    return error.orig if isinstance(error, DBAPIError) and error.orig else error


def _sqlstate(error: Exception) -> str:
    return getattr(_cause(error), "sqlstate", None) or ""


def _sqlite_code(error: Exception) -> int:
    # The low byte is the class; the rest says more of the same.
    return getattr(_cause(error), "sqlite_errorcode", 0) & 0xFF
