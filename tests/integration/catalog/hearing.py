"""What a database is asked meanwhile, and what that costs it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import AdaptedConnection

from services.catalog.database import Database

STEPS = 10
"""Of SQLite's machine between two counts."""


@contextmanager
def hearing(database: Database, hear: Callable[[str], None]) -> Iterator[None]:
    """`hear` gets each statement before it is executed; it may refuse it."""

    def on_statement(_c: object, _r: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):  # SQLite's, which is ours to say
            hear(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", on_statement)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", on_statement)


@contextmanager
def counting_steps(database: Database) -> Iterator[list[int]]:
    """Grows by one every `STEPS` instructions that SQLite executes: what it reads of tables and
    indexes, whatever is in its cache.
    """
    counted: list[int] = []

    def count() -> int:
        counted.append(STEPS)
        return 0  # go on

    def on_begin(connection: Connection) -> None:
        driver = cast("AdaptedConnection", connection.connection.dbapi_connection)
        driver.run_async(lambda it: it.set_progress_handler(count, STEPS))

    engine = database.engine.sync_engine
    event.listen(engine, "begin", on_begin)
    try:
        yield counted
    finally:
        event.remove(engine, "begin", on_begin)
