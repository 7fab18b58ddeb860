"""What `weir user` and `weir key` make of their words."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from libs.launcher import access
from libs.permissions import Role


class FakeAPI:
    """Keeps what it is told to do."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.users = [{"id": "user-1", "name": "ann"}, {"id": "user-2", "name": "bob"}]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        self.calls.append((method, path, body))
        said = {"id": "0123456789ab", "name": "n", "role": "viewer", "password": "made"}
        return said | {"key": "weir_0123456789ab_secret"}

    def pages(self, _: str, __: str) -> list[dict[str, Any]]:
        return self.users


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeAPI:
    made = FakeAPI()
    monkeypatch.setattr(access, "api_of", lambda _: made)
    return made


def run(group: Any, *arguments: str, typed: str = "") -> str:
    done = CliRunner().invoke(group, arguments, obj={"data_dir": Path(), "url": ""}, input=typed)
    assert done.exit_code == 0, done.output
    return done.output


def test_key_is_allowed_permissions_and_all_of_a_role(api: FakeAPI) -> None:
    said = run(access.key, "add", "n", "--allow", "viewer", "--allow", "keys:read", "--days", "1")
    [(method, path, body)] = api.calls
    assert (method, path) == ("POST", "/api/v1/api-keys")
    wanted = {*Role.VIEWER.permissions, "keys:read"}
    assert body["permissions"] == sorted(wanted)
    assert {"name", "permissions", "stream_prefix", "expires_at"} == body.keys()
    json.dumps(body)
    assert "weir_0123456789ab_secret" in said


def test_word_that_is_no_permission_is_refused(api: FakeAPI) -> None:
    done = CliRunner().invoke(access.key, ["add", "n", "--allow", "streams:*"], obj={})
    assert done.exit_code == 2
    assert api.calls == []


def test_user_is_found_by_name_however_it_is_written(api: FakeAPI) -> None:
    run(access.user, "disable", "Bob")
    run(access.user, "role", "ann", "owner")
    run(access.user, "password", "ann", typed="a long one\na long one\n")
    assert api.calls == [
        ("PATCH", "/api/v1/users/user-2", {"is_disabled": True}),
        ("PATCH", "/api/v1/users/user-1", {"role": "owner"}),
        ("PATCH", "/api/v1/users/user-1", {"password": "a long one"}),
    ]


def test_user_that_is_not_there_is_said(api: FakeAPI) -> None:
    done = CliRunner().invoke(access.user, ["disable", "cid"], obj={})
    assert isinstance(done.exception, access.UserMissing)
    assert "weir user list" in str(done.exception)


def test_password_that_weir_made_is_said(api: FakeAPI) -> None:
    assert "made" in run(access.user, "add", "cid")
    assert api.calls == [("POST", "/api/v1/users", {"name": "cid", "role": "viewer"})]
