"""A catalog without its bus, on SQLite and on Postgres alike."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.events import CreateStream, OpenPublish, PublishGrant, Stream
from libs.names import DEFAULT_TENANT
from services.catalog.answers import Answers
from services.catalog.database import Database
from services.catalog.facts import Facts
from services.catalog.models import SessionRow
from tests.postgres import Postgres

SECRET = "a secret of this test"
_numbers = itertools.count()


@dataclass
class FixedClock:
    """A wall clock that a test sets."""

    now: datetime = field(default_factory=lambda: datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Catalog:
    """What tests use: the database, what it answers, what facts do, and the time."""

    url: str
    database: Database
    answers: Answers
    facts: Facts
    clock: FixedClock
    gone_ingests: set[str]
    """Those that hold nothing any more, as asking them would show."""

    async def create(self, stream_id: str = "cam-1", **item: Any) -> Stream:
        ask = CreateStream(tenant=DEFAULT_TENANT, id=stream_id, item=item)
        return await self.answers.create_stream(ask)

    async def open(
        self, stream_id: str = "cam-1", ingest: str = "ingest-1", held: str | None = None,
        *, is_earlier: bool = False,
    ) -> PublishGrant:  # fmt: skip
        ask = OpenPublish(
            stream=stream_id,
            ingest=ingest,
            origin_url=f"http://{ingest}:8000",
            held_session=held,
            is_earlier=is_earlier,
            remote_address="192.0.2.1",
        )
        return await self.answers.open_publish(ask)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that was migrated once, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "catalog.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_name(postgres: Postgres) -> str:
    """A database on Postgres that was migrated once, to be copied."""
    name = "migrated"
    postgres.create(name)
    _migrate(postgres.url(name))
    return name


def _migrate(url: str) -> None:
    environment = os.environ | {"WEIR_DATABASE_URL": url}
    command = [sys.executable, "-m", "services.catalog.migrate"]
    subprocess.run(command, env=environment, check=True, timeout=60)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own that was never migrated."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalog.db'}"
    else:
        yield from _own_database(request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of this test's own."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path)
        yield f"sqlite:///{copy}"
    else:
        name = request.getfixturevalue("migrated_name")
        yield from _own_database(request.getfixturevalue("postgres"), template=name)


def _own_database(server: Postgres, template: str = "template1") -> Iterator[str]:
    name = f"weir_{next(_numbers)}"
    server.create(name, template=template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def catalog(url: str) -> AsyncIterator[Catalog]:
    made = make_catalog(url)
    yield made
    await made.database.close()


def make_catalog(url: str) -> Catalog:
    database, clock, gone = Database(url), FixedClock(), set[str]()

    async def has_let_go(session: SessionRow) -> bool:
        return session.ingest in gone

    answers = Answers(database, clock, push_secret=SECRET, has_let_go=has_let_go)
    return Catalog(url, database, answers, Facts(database, clock), clock, gone)
