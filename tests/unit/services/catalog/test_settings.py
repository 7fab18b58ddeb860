from pathlib import Path

import pytest
from pydantic import SecretStr

from libs.settings import SettingsInvalid
from services.catalog.app import build_app
from services.catalog.database import with_driver
from services.catalog.errors import DatabaseURLInvalid
from services.catalog.settings import CatalogSettings


def test_database_is_a_file_in_the_data_folder_unless_named(tmp_path: Path) -> None:
    assert CatalogSettings(data_dir=tmp_path).url == f"sqlite:///{tmp_path}/catalog.db"
    named = CatalogSettings(database_url=SecretStr("postgresql://u:hunter2@host/weir"))
    assert named.url == "postgresql://u:hunter2@host/weir"
    assert "hunter2" not in repr(named)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite"),
        ("postgres://u@h/d", "postgresql+asyncpg"),
        ("postgresql://u@h/d", "postgresql+asyncpg"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg"),
    ],
)
def test_driver_of_a_database_url_is_filled_in(url: str, driver: str) -> None:
    assert with_driver(url).drivername == driver


def test_catalog_without_a_push_secret_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="WEIR_PUSH_SECRET"):
        build_app(CatalogSettings(data_dir=tmp_path, push_secret=SecretStr("")))


@pytest.mark.parametrize("url", ["", "mysql://u:hunter2@host/weir", "catalog.db", "sqlite:/x"])
def test_database_url_that_names_none_is_a_mistake_in_the_settings(url: str) -> None:
    with pytest.raises(DatabaseURLInvalid, match="WEIR_DATABASE_URL") as caught:
        with_driver(url)
    assert "hunter2" not in str(caught.value)
