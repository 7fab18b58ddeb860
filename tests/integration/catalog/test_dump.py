"""The catalog's rows, dumped from one database and loaded into another."""

import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from libs.events import GetStream, ListRevocations, RevokeViewers, RotateViewerKeys, Stream
from libs.names import DEFAULT_TENANT
from services.catalog.dump import dump
from services.catalog.load import DatabaseNotEmpty, DumpUnfit, load
from tests.integration.catalog.conftest import Catalog, make_catalog

TENANT = DEFAULT_TENANT


@pytest.fixture
async def other(empty_url: str) -> AsyncIterator[Catalog]:
    """A catalog on a database that was never migrated, of either kind."""
    made = make_catalog(empty_url.replace("catalog.db", "other.db"))
    yield made
    await made.database.close()


async def fill(catalog: Catalog) -> Stream:
    """A stream whose item has all kinds of values, a session, keys and revocations."""
    made = await catalog.create(note='NUL \0, "quotes", \u65e5\u672c', depth={"a": [1, 2.5, None]})
    await catalog.open(made.id)
    await catalog.answers.rotate_viewer_keys(RotateViewerKeys(tenant=TENANT))
    await revoke(catalog, "v-1")
    return made


async def revoke(catalog: Catalog, viewer: str) -> None:
    ask = RevokeViewers(
        tenant=TENANT,
        stream="cam-1",
        scope="viewer",
        whom=viewer,
        expires_at=catalog.clock.now + timedelta(hours=1),
    )
    await catalog.answers.revoke_viewers(ask)


async def dumped(catalog: Catalog) -> list[str]:
    lines = io.StringIO()
    count = await dump(catalog.url, lines)
    said = lines.getvalue().splitlines()
    assert len(said) == count + 1
    return said


async def test_rows_are_the_same_in_another_database(catalog: Catalog, other: Catalog) -> None:
    made = await fill(catalog)
    lines = await dumped(catalog)
    assert await load(other.url, lines) == len(lines) - 1
    assert (await dumped(other))[1:] == lines[1:]
    found = await other.answers.get_stream(GetStream(tenant=TENANT, id=made.id))
    assert (found.item, found.key) == (made.item, made.key)


async def test_tables_may_be_left_out(catalog: Catalog, other: Catalog) -> None:
    await fill(catalog)
    lines = await dumped(catalog)
    await load(other.url, lines, without=("revocations",))
    loaded = (await dumped(other))[1:]
    assert loaded == [line for line in lines[1:] if '"table": "revocations"' not in line]
    assert len(loaded) < len(lines) - 1


async def test_counters_go_on_behind_what_was_loaded(catalog: Catalog, other: Catalog) -> None:
    await fill(catalog)
    await load(other.url, await dumped(catalog))
    await revoke(other, "v-2")
    page = await other.answers.list_revocations(ListRevocations())
    assert [each.whom for each in page.revocations] == ["v-1", "v-2"]


async def test_database_that_is_in_use_is_left_alone(catalog: Catalog) -> None:
    await fill(catalog)
    lines = await dumped(catalog)
    with pytest.raises(DatabaseNotEmpty, match="empty"):
        await load(catalog.url, lines)
    assert (await dumped(catalog))[1:] == lines[1:]


@pytest.mark.parametrize("head", ["", "{}", "[]", "no JSON", '{"format": "another"}'])
async def test_what_is_no_dump_is_refused(other: Catalog, head: str) -> None:
    with pytest.raises(DumpUnfit, match="no backup"):
        await load(other.url, [head])


async def test_dump_of_another_schema_is_refused_with_its_name(
    catalog: Catalog, other: Catalog
) -> None:
    first, *rest = await dumped(catalog)
    first = json.dumps(json.loads(first) | {"revision": "v0000"})
    with pytest.raises(DumpUnfit, match="v0000"):
        await load(other.url, [first, *rest])


async def test_broken_dump_loads_nothing(catalog: Catalog, other: Catalog) -> None:
    await fill(catalog)
    lines = await dumped(catalog)
    with pytest.raises(ValueError, match="Expecting"):
        await load(other.url, [*lines[:-1], lines[-1][:10]])
    assert await load(other.url, lines) == len(lines) - 1
