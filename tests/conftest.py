"""Fixtures that more than one suite uses.

A Weir runs in one of three houses: `embedded` (SQLite, a directory), `distributed` (Postgres, S3
over HTTP) or `contained` (the same two in containers). A test that must hold in several says so
with `@both_houses` or `@all_houses` (see `tests.running`).
"""

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.chromium import faults, page
from tests.containers import ContainedPostgres, nats_container, postgres_container, s3_container
from tests.nats_server import module_nats, nats
from tests.postgres import Postgres, postgres
from tests.putting import put_media
from tests.running import House, RunningWeir
from tests.s3 import S3Server, moto_s3, s3
from tests.scenes import says, scene, speaker
from tests.second_gateway import two_gateways
from tests.small_disk import small_disk

__all__ = [
    "faults", "module_nats", "moto_s3", "nats", "nats_container", "page", "postgres",
    "postgres_container", "put_media", "s3", "s3_container", "says", "scene", "small_disk",
    "speaker", "two_gateways",
]  # fmt: skip

INTEGRATION = Path(__file__).parent / "integration"
_numbers = itertools.count()


def pytest_configure() -> None:
    # The fancy traceback of what crashes in an API takes a quarter of a minute to print.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if INTEGRATION in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture
def house() -> House:
    """Which house the test's Weir runs in; `@both_houses` says both."""
    return "embedded"


@pytest.fixture
def weir(house: House, request: pytest.FixtureRequest) -> RunningWeir:
    """One Weir for all tests that do not break it."""
    running: RunningWeir = request.getfixturevalue(f"{house}_weir")
    return running


@pytest.fixture
def publishers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Append publishers: they end with the test."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for publisher in running:
        publisher.kill()
        publisher.wait()


@pytest.fixture
def own_weir(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningWeir]:
    """A Weir of the test's own, for tests that kill parts of it. Not started yet."""
    running = RunningWeir(tmp_path / "weir")
    if house == "distributed":
        running.environment |= _stores(
            request.getfixturevalue("postgres"), request.getfixturevalue("s3")
        )
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="session")
def embedded_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    running = RunningWeir(tmp_path_factory.mktemp("embedded"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def distributed_weir(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, s3: S3Server
) -> Iterator[RunningWeir]:
    running = RunningWeir(tmp_path_factory.mktemp("distributed"), _stores(postgres, s3))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def contained_weir(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_container: ContainedPostgres,
    s3_container: S3Server,
) -> Iterator[RunningWeir]:
    """On the images of the compose file."""
    folder = tmp_path_factory.mktemp("contained")
    running = RunningWeir(folder, _stores(postgres_container, s3_container))
    running.start()
    yield running
    running.stop()


def _stores(postgres: Postgres | ContainedPostgres, s3: S3Server) -> dict[str, str]:
    """A database and a bucket that are empty."""
    number = next(_numbers)
    postgres.create(f"house_{number}")
    return {
        "WEIR_DATABASE_URL": postgres.url(f"house_{number}"),
        "WEIR_STORE_URL": s3.url(f"house-{number}"),
    }
