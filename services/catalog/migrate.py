"""Bring a database to the newest schema: `python -m services.catalog.migrate`.

The service does it itself at start when `WEIR_MIGRATE` is on (embedded); in compose `weir init`
does it once, before any service starts.
"""

import asyncio
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from libs.settings import mistakes_said
from services.catalog.database import make_engine, outage_of, with_driver

log = structlog.get_logger()

RETRY_S = 0.5

_SCRIPTS = Path(__file__).parent / "migrations"
# Any number will do that no other program locks: "weir" in ASCII.
_ADVISORY_LOCK = 0x77656972


async def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at `url`; a new SQLite file and its folder are made.

    Two processes may do it at once: one waits for the other.
    """
    parsed = with_driver(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, revision)
    finally:
        await engine.dispose()


async def wait_for_schema(url: str, *, migrates: bool) -> None:
    """Return once the database at `url` has the schema that this code is written for.

    Brings it there itself if it `migrates`; waits as long as the database is away. A database
    that is newer than this code is an error.
    """
    while True:
        try:
            if migrates:
                return await migrate(url)
            if await current_revision(url) == head_revision():
                return None
            log.info("database.waiting", reason="not migrated yet: `weir init` does it")
        except Exception as error:
            reason = outage_of(error)
            if reason is None:
                raise
            log.info("database.waiting", reason=reason)
        await asyncio.sleep(RETRY_S)


def head_revision() -> str:
    """The revision that this code is written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


async def current_revision(url: str) -> str | None:
    """The revision of the database at `url`; None when it was never migrated."""
    engine = make_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision)
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:key)")
        connection.execute(lock, {"key": _ADVISORY_LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    log.info("database.migrated", revision=_revision(connection))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def main() -> None:
    from services.catalog.settings import CatalogSettings

    with mistakes_said("init"):
        asyncio.run(migrate(CatalogSettings().url))


if __name__ == "__main__":
    main()
