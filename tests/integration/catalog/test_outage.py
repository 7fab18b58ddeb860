"""The database goes away and comes back: the catalog says so at once and loses nothing."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from libs.events import GetStream, ListSessions, ListStreams, OutlineWindow, WindowOutline
from libs.names import DEFAULT_TENANT
from services.catalog.errors import DatabaseDown
from services.catalog.handlers import patiently
from services.catalog.migrate import migrate, wait_for_schema
from tests.integration.catalog.conftest import Catalog, make_catalog
from tests.integration.catalog.said import Said, apply
from tests.postgres import Postgres, serve_postgres

GET = GetStream(tenant=DEFAULT_TENANT, id="cam-1")
ALL = ListStreams(tenant=DEFAULT_TENANT)
NOW = datetime.now(UTC)
WINDOW = OutlineWindow(
    tenant=DEFAULT_TENANT, stream="cam-1", rendition="source", from_at=NOW, until_at=NOW
)


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server that this test may stop and kill."""
    yield from serve_postgres()


@pytest.fixture
async def on_postgres(own_postgres: Postgres) -> AsyncIterator[Catalog]:
    url = own_postgres.url("postgres")
    await migrate(url)
    catalog = make_catalog(url)
    yield catalog
    await catalog.database.close()


def _signal(server: Postgres, number: signal.Signals) -> None:
    for process_id in server.process_ids():
        os.kill(process_id, number)


async def test_stopped_postgres_is_told_fast_and_found_again(
    own_postgres: Postgres, on_postgres: Catalog
) -> None:
    catalog = on_postgres
    await catalog.create()
    said = Said(await catalog.open())
    _signal(own_postgres, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(DatabaseDown) as refused:
            await catalog.answers.get_stream(GET)
        # Asks are given 5 s by their askers; later ones are answered faster still.
        first_s = time.monotonic() - began
        assert (first_s < 5, refused.value.retry) == (True, True)
        assert catalog.database.trouble is not None
        began = time.monotonic()
        with pytest.raises(DatabaseDown):
            await catalog.answers.get_stream(GET)
        assert time.monotonic() - began < 0.5
        fact = said.ready(0)
        handling = asyncio.create_task(patiently(lambda: apply(catalog.facts, fact)))
        await asyncio.wait({handling}, timeout=1)
        assert not handling.done()
    finally:
        _signal(own_postgres, signal.SIGCONT)
    async with asyncio.timeout(15):
        await handling
    (session,) = (await catalog.answers.list_sessions(ListSessions())).sessions
    assert session.segments == 1
    assert catalog.database.trouble is None


async def test_connections_that_postgres_closed_are_replaced(
    own_postgres: Postgres, on_postgres: Catalog
) -> None:
    catalog = on_postgres
    await catalog.create()
    await catalog.answers.outline_window(WINDOW)
    await _close_connections(own_postgres)
    assert (await catalog.answers.get_stream(GET)).id == "cam-1"
    assert WindowOutline.read((await catalog.answers.outline_window(WINDOW)).body).rows == ()
    assert (await catalog.answers.list_streams(ALL)).streams[0].id == "cam-1"


async def test_connection_that_is_found_closed_by_a_question_is_replaced(
    own_postgres: Postgres, on_postgres: Catalog
) -> None:
    catalog = on_postgres
    await catalog.create()
    assert (await catalog.answers.get_stream(GET)).id == "cam-1"
    # Our loop stands still meanwhile, so that nobody has read yet what the server said.
    closing_all = threading.Thread(target=asyncio.run, args=[_close_connections(own_postgres)])
    closing_all.start()
    closing_all.join()
    assert (await catalog.answers.get_stream(GET)).id == "cam-1"


async def _close_connections(server: Postgres) -> None:
    outsider = await asyncpg.connect(server.url("postgres"))
    await outsider.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    await outsider.close()


async def test_postgres_that_is_not_there_is_waited_for(own_postgres: Postgres) -> None:
    url = own_postgres.url("postgres")
    nowhere = url.replace(f":{own_postgres.port}", ":1")
    waiting = asyncio.create_task(wait_for_schema(nowhere, migrates=True))
    await asyncio.wait({waiting}, timeout=1)
    assert not waiting.done()
    waiting.cancel()
    not_yet = asyncio.create_task(wait_for_schema(url, migrates=False))
    await asyncio.wait({not_yet}, timeout=0.2)
    assert not not_yet.done()
    await wait_for_schema(url, migrates=True)
    async with asyncio.timeout(10):
        await not_yet


async def test_sqlite_waits_for_another_writer_and_then_says_so(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    await migrate(url)
    catalog = make_catalog(url)
    await catalog.create()
    with closing(sqlite3.connect(tmp_path / "catalog.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # Readers go on: the log is written ahead.
        assert (await catalog.answers.get_stream(GET)).id == "cam-1"
        opening = asyncio.create_task(catalog.open())
        await asyncio.wait({opening}, timeout=0.5)
        assert not opening.done()
        other.execute("COMMIT")
        assert (await opening).generation == 1

        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseDown) as refused:
            await catalog.open()
        assert refused.value.retry
        other.execute("COMMIT")
    assert (await catalog.open()).generation == 2
    await catalog.database.close()


async def test_fault_of_our_own_is_not_taken_for_an_outage(catalog: Catalog) -> None:
    async def ask_nonsense() -> None:
        async with catalog.database.transaction() as tx:
            connection = await tx.connection()
            await connection.exec_driver_sql("SELECT * FROM no_such_table")

    with pytest.raises(Exception, match="no_such_table") as failed:
        await ask_nonsense()
    assert not isinstance(failed.value, DatabaseDown)
    assert catalog.database.trouble is None
