"""The owner that the settings name."""

import pytest

from services.gateway.access.owner import SettingsOwner

FACTS = {"user": "Admin", "password": "p", "api_key": "k"}


@pytest.mark.parametrize("changed", [{"password": "new"}, {"api_key": "new"}, {"user": "new"}])
def test_changed_secret_is_another_fence(changed: dict[str, str]) -> None:
    assert SettingsOwner(**FACTS | changed).fence != SettingsOwner(**FACTS).fence


def test_fences_of_shifted_secrets_differ() -> None:
    shifted = {"user": "Adminp", "password": "", "api_key": "k"}
    assert SettingsOwner(**FACTS | shifted).fence != SettingsOwner(**FACTS).fence


def test_name_is_nobody_elses_however_it_is_written() -> None:
    owner = SettingsOwner(**FACTS)
    assert owner.is_named("admin")
    assert owner.is_right("Admin", "p")
    assert not owner.is_right("admin", "p")
    assert not owner.is_right("Admin", "q")


def test_what_is_empty_opens_nothing() -> None:
    unset = SettingsOwner(user="admin", password="", api_key="")
    assert not unset.is_right("admin", "")
    assert not unset.is_named("admin")
    assert not unset.has_key("")
    assert SettingsOwner(**FACTS).has_key("k")
    assert not SettingsOwner(**FACTS).has_key("é")
