"""Users: made, changed and deleted by those who may, and never beyond what they may themselves."""

from typing import Any

import httpx2
import pytest

from libs.bus import AskTimedOut
from libs.events import FindLogin
from libs.permissions import Permission
from services.gateway.access.guesses import MAX_FAILURES
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import API_KEY, client_of

OWN = {"origin": "http://weir.test"}


async def made(client: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    body = {"name": "ann@example.com", "role": "viewer", "password": "long enough"} | more
    answer = await client.post("/api/v1/users", json=body, headers=OWN)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def signed_in(house: House, name: str, password: str = "long enough") -> httpx2.AsyncClient:
    client = client_of(house, **OWN)
    answer = await client.post("/api/v1/login", json={"user": name, "password": password})
    assert answer.status_code == 200, answer.text
    return client


async def scoped(client: httpx2.AsyncClient, house: House, *wanted: str) -> httpx2.AsyncClient:
    body = {"name": "scoped", "permissions": wanted}
    key = (await client.post("/api/v1/api-keys", json=body)).json()["key"]
    return client_of(house, **{"x-api-key": key})


async def test_user_is_made_and_signs_in(client: httpx2.AsyncClient, house: House) -> None:
    user = await made(client, name="Ann@Example.com")
    assert (user["name"], user["password"]) == ("ann@example.com", None)
    assert "hash" not in str(user)
    theirs = await signed_in(house, "ANN@example.com")
    me = (await theirs.get("/api/v1/login")).json()
    assert (me["user"], me["role"]) == ("ann@example.com", "viewer")
    assert "streams:read" in me["permissions"]
    assert (await client.get(f"/api/v1/users/{user['id']}")).json()["name"] == user["name"]
    assert [each["id"] for each in (await client.get("/api/v1/users")).json()["users"]] == [
        user["id"]
    ]


async def test_password_that_weir_makes_is_told_once(
    client: httpx2.AsyncClient, house: House
) -> None:
    user = await made(client, password=None)
    assert len(user["password"]) >= 20
    await signed_in(house, user["name"], user["password"])
    assert "password" not in (await client.get(f"/api/v1/users/{user['id']}")).json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "-a"},
        {"name": "a" * 200},
        {"name": "é"},
        {"role": "admin"},
        {"password": "short"},
        {"is_disabled": True},
    ],
)
async def test_malformed_user_is_422(client: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    body = {"name": "ann", "role": "viewer"} | wrong
    assert (await client.post("/api/v1/users", json=body)).status_code == 422


@pytest.mark.parametrize("name", ["ann@example.com", "ANN@example.com", "admin", "Admin"])
async def test_name_that_is_taken_is_409(client: httpx2.AsyncClient, name: str) -> None:
    await made(client)
    answer = await client.post("/api/v1/users", json={"name": name, "role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (409, "user_exists")


async def test_role_holds_at_once(client: httpx2.AsyncClient, house: House) -> None:
    user = await made(client)
    theirs = await signed_in(house, user["name"])
    refused = await theirs.post("/api/v1/streams", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_lacking")
    assert "streams:write" in refused.json()["detail"]
    assert "viewer" in refused.json()["detail"]
    await client.patch(f"/api/v1/users/{user['id']}", json={"role": "operator"})
    assert (await theirs.post("/api/v1/streams", json={})).status_code == 201


@pytest.mark.parametrize("change", [None, {"password": "another long one"}])
async def test_user_that_is_changed_while_it_signs_in_is_refused_as_any(
    client: httpx2.AsyncClient,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any] | None,
) -> None:
    user, path = await made(client), "/api/v1/users/{id}"
    is_right = house.access.passwords.is_right

    async def look(password: str, password_hash: str) -> bool:
        said = await is_right(password, password_hash)
        if change is None:
            await client.delete(path.format_map(user))
        else:
            await client.patch(path.format_map(user), json=change)
        return said

    monkeypatch.setattr(house.access.passwords, "is_right", look)
    old = {"user": user["name"], "password": "long enough"}
    answer = await client_of(house).post("/api/v1/login", json=old)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_wrong")


@pytest.mark.parametrize("change", [{"is_disabled": True}, {"password": "another long one"}])
async def test_disabled_user_and_one_with_a_new_password_are_signed_out(
    client: httpx2.AsyncClient, house: House, change: dict[str, Any]
) -> None:
    user = await made(client)
    theirs = await signed_in(house, user["name"])
    assert (await client.patch(f"/api/v1/users/{user['id']}", json=change)).status_code == 200
    ended = await theirs.get("/api/v1/login")
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
    old = {"user": user["name"], "password": "long enough"}
    assert (await theirs.post("/api/v1/login", json=old)).status_code == 401


async def test_deleted_user_is_gone(client: httpx2.AsyncClient, house: House) -> None:
    user = await made(client)
    theirs = await signed_in(house, user["name"])
    assert (await client.delete(f"/api/v1/users/{user['id']}")).status_code == 204
    assert (await theirs.get("/api/v1/login")).status_code == 401
    assert (await client.delete(f"/api/v1/users/{user['id']}")).status_code == 404


async def test_user_is_signed_out_by_an_owner(client: httpx2.AsyncClient, house: House) -> None:
    user = await made(client)
    theirs = await signed_in(house, user["name"])
    gone = await client.delete(f"/api/v1/users/{user['id']}/sessions")
    assert gone.status_code == 204
    assert (await theirs.get("/api/v1/login")).status_code == 401


async def test_nobody_makes_or_takes_over_who_may_more(
    client: httpx2.AsyncClient, house: House
) -> None:
    """A key that makes users must not become the owner by one of them."""
    owner = await made(client, name="olga", role="owner")
    viewer_like = [each.value for each in Permission if each.is_read]
    key = await scoped(client, house, "users:write", *viewer_like)
    for answer in (
        await key.post("/api/v1/users", json={"name": "eve", "role": "operator"}),
        await key.patch(f"/api/v1/users/{owner['id']}", json={"password": "eve's own one"}),
        await key.delete(f"/api/v1/users/{owner['id']}"),
        await key.delete(f"/api/v1/users/{owner['id']}/sessions"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_lacking")
    viewer = (await key.post("/api/v1/users", json={"name": "vic", "role": "viewer"})).json()
    raised = await key.patch(f"/api/v1/users/{viewer['id']}", json={"role": "owner"})
    assert raised.status_code == 403
    assert (await key.delete(f"/api/v1/users/{viewer['id']}")).status_code == 204


async def test_nobody_changes_itself(client: httpx2.AsyncClient, house: House) -> None:
    owner = await made(client, role="owner")
    theirs = await signed_in(house, owner["name"])
    path = f"/api/v1/users/{owner['id']}"
    for answer in (
        await theirs.patch(path, json={"role": "viewer"}),
        await theirs.patch(path, json={"is_disabled": True}),
        await theirs.delete(path),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "own_account")


async def test_account_changes_its_password_and_its_other_sessions_end(
    client: httpx2.AsyncClient, house: House
) -> None:
    user = await made(client)
    here, there = await signed_in(house, user["name"]), await signed_in(house, user["name"])
    body = {"old": "wrong one", "new": "an even longer one"}
    assert (await here.put("/api/v1/account/password", json=body)).status_code == 401
    body["old"] = "long enough"
    assert (await here.put("/api/v1/account/password", json=body)).status_code == 204
    assert (await here.get("/api/v1/login")).status_code == 200
    assert (await there.get("/api/v1/login")).status_code == 401
    await signed_in(house, user["name"], "an even longer one")


async def test_old_password_is_not_wrong_while_the_catalog_is_away(
    client: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await made(client)
    here, body = await signed_in(house, user["name"]), {"old": "long enough", "new": "a longer one"}
    ask = house.catalog.ask

    async def away(question: Any, *, timeout_s: float = 5) -> Any:
        if isinstance(question, FindLogin):
            raise AskTimedOut("The catalog does not answer.")
        return await ask(question, timeout_s=timeout_s)

    with monkeypatch.context() as patched:
        patched.setattr(house.catalog, "ask", away)
        for _ in range(MAX_FAILURES):
            answer = await here.put("/api/v1/account/password", json=body)
            assert answer.json()["code"] == "ask_timed_out"
    assert (await here.put("/api/v1/account/password", json=body)).status_code == 204


async def test_account_lists_and_ends_its_own_sessions(
    client: httpx2.AsyncClient, house: House
) -> None:
    await made(client, name="bob")
    await made(client)
    bobs = await signed_in(house, "bob")
    here, there = (
        await signed_in(house, "ann@example.com"),
        await signed_in(house, "ann@example.com"),
    )
    sessions = (await here.get("/api/v1/account/sessions")).json()["sessions"]
    assert [each["is_this"] for each in sessions].count(True) == 1
    assert len(sessions) == 2
    other = next(each["id"] for each in sessions if not each["is_this"])
    assert (await here.delete(f"/api/v1/account/sessions/{other}")).status_code == 204
    assert (await there.get("/api/v1/login")).status_code == 401
    there = await signed_in(house, "ann@example.com")
    assert (await here.delete("/api/v1/account/sessions")).status_code == 204
    assert (await there.get("/api/v1/login")).status_code == 401
    assert (await here.get("/api/v1/login")).status_code == 200
    assert (await bobs.get("/api/v1/login")).status_code == 200


async def test_owner_of_the_settings_has_sessions_and_no_password_here(house: House) -> None:
    here = await signed_in(house, "admin", "correct horse")
    assert len((await here.get("/api/v1/account/sessions")).json()["sessions"]) == 1
    body = {"old": "correct horse", "new": "an even longer one"}
    answer = await here.put("/api/v1/account/password", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "password_of_settings")


@pytest.mark.parametrize("key", [API_KEY, None])
async def test_key_has_no_account(
    client: httpx2.AsyncClient, house: House, key: str | None
) -> None:
    caller = client if key else await scoped(client, house, "streams:read")
    answer = await caller.get("/api/v1/account/sessions")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_account")
