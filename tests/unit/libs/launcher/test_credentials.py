"""An installation's secrets: made once, readable by their owner alone, never changed by a start."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from libs.launcher.credentials import Credentials
from libs.launcher.errors import CredentialsMissing, CredentialsUnreadable, DataDirUnusable

ISSUED = {
    "api_key", "admin_user", "admin_password", "push_secret", "access_key_id", "secret_access_key",
}  # fmt: skip
"""What scripts may rely on in the file."""


def test_first_start_makes_the_file_for_its_owner_alone(tmp_path: Path) -> None:
    credentials = Credentials.load(tmp_path / "new" / "weir")
    path = tmp_path / "new" / "weir" / "credentials.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == asdict(credentials)
    assert set(asdict(credentials)) >= ISSUED
    assert [item.name for item in path.parent.iterdir()] == ["credentials.json"]


def test_second_start_keeps_every_secret_and_the_file(tmp_path: Path) -> None:
    first = Credentials.load(tmp_path)
    before = (tmp_path / "credentials.json").stat()
    assert Credentials.load(tmp_path) == first
    after = (tmp_path / "credentials.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_no_two_installations_or_secrets_are_alike(tmp_path: Path) -> None:
    one, two = Credentials.load(tmp_path / "1"), Credentials.load(tmp_path / "2")
    secrets = [
        value for value in [*asdict(one).values(), *asdict(two).values()] if value != "admin"
    ]
    assert len(set(secrets)) == len(secrets)
    assert min(map(len, secrets)) >= 20


def test_file_of_an_older_weir_keeps_its_secrets_and_gains_the_new(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text('{"api_key": "mine", "forgotten": "x"}')
    credentials = Credentials.load(tmp_path)
    assert credentials.api_key == "mine"
    assert json.loads((tmp_path / "credentials.json").read_text()) == asdict(credentials)
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"api_key": 3}', "\x00\xff"])
def test_broken_file_is_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(content)
    with pytest.raises(CredentialsUnreadable, match="restore it from a backup"):
        Credentials.load(tmp_path)
    assert path.read_text() == content


def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirUnusable, match="cannot be written"):
        Credentials.load(tmp_path / "file" / "weir")


def test_asking_for_an_installation_makes_none(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match="no Weir was started there"):
        Credentials.of_installation(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_services_get_what_the_operator_set_by_hand(tmp_path: Path) -> None:
    kept = Credentials.load(tmp_path)
    used = kept.overridden_by({"WEIR_API_KEY": "by hand", "WEIR_PUSH_SECRET": "", "API_KEY": "x"})
    assert used.environment()["WEIR_API_KEY"] == "by hand"
    assert used.push_secret == kept.push_secret
    assert Credentials.load(tmp_path) == kept
