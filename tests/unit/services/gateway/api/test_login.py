"""Console sessions: what a cookie opens, and that no foreign page can write with it."""

import httpx2
import pytest

from services.gateway.access.guesses import MAX_FAILURES
from services.gateway.api.auth import COOKIE

PASSWORD = "correct horse"
OWN = {"origin": "http://weir.test"}
RIGHT = {"user": "admin", "password": PASSWORD}


async def sign_in(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.post("/api/v1/login", json=RIGHT)
    assert response.status_code == 200
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie


async def test_session_reads_and_writes_from_our_own_pages(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/api/v1/login")).status_code == 401
    await sign_in(stranger)
    me = (await stranger.get("/api/v1/login")).json()
    assert (me["user"], me["role"]) == ("admin", "owner")
    assert me["is_of_settings"]
    assert me["tenant"] == "default"
    assert me["push_server"] == "rtmp://push.test/stream"
    made = await stranger.post("/api/v1/streams", json={"id": "cam"}, headers=OWN)
    assert made.status_code == 201
    same_site = {"sec-fetch-site": "same-origin"}
    assert (await stranger.delete("/api/v1/streams/cam", headers=same_site)).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": "http://weir.test.evil.test"},
        {"origin": "http://weir.test:81"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://evil.test", "sec-fetch-site": "same-origin"},
    ],
)
async def test_write_from_another_origin_is_refused(
    stranger: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    await sign_in(stranger)
    made = await stranger.post("/videostream", json={}, headers=headers)
    assert (made.status_code, made.json()["code"]) == (403, "foreign_origin")
    gone = await stranger.delete("/videostream/x", headers=headers)
    assert gone.status_code == 403


@pytest.mark.parametrize("sent_as", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_session_writes_json_only(stranger: httpx2.AsyncClient, sent_as: str) -> None:
    await sign_in(stranger)
    headers = OWN | {"content-type": sent_as}
    assert (await stranger.post("/videostream", content="{}", headers=headers)).status_code == 415


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "admin", "password": ""},
        {"user": "admin", "password": "x"},
        {"user": "root", "password": PASSWORD},
    ],
)
async def test_wrong_login_is_401(stranger: httpx2.AsyncClient, wrong: dict[str, str]) -> None:
    response = await stranger.post("/api/v1/login", json=wrong)
    assert (response.status_code, response.json()["code"]) == (401, "login_wrong")
    assert "set-cookie" not in response.headers


async def test_login_from_another_origin_or_as_text_is_refused(
    stranger: httpx2.AsyncClient,
) -> None:
    foreign = {"origin": "http://evil.test"}
    assert (await stranger.post("/api/v1/login", json=RIGHT, headers=foreign)).status_code == 403
    text = {"content-type": "text/plain"}
    body = b'{"user":"admin","password":"correct horse"}'
    response = await stranger.post("/api/v1/login", content=body, headers=text)
    assert response.status_code in {415, 422}


async def test_guessing_is_limited(stranger: httpx2.AsyncClient) -> None:
    wrong = {"user": "admin", "password": "guess"}
    for _ in range(MAX_FAILURES):
        assert (await stranger.post("/api/v1/login", json=wrong)).status_code == 401
    assert (await stranger.post("/api/v1/login", json=RIGHT)).status_code == 429


async def test_sign_out_takes_the_cookie_away(stranger: httpx2.AsyncClient) -> None:
    await sign_in(stranger)
    assert (await stranger.post("/api/v1/logout", headers=OWN)).status_code == 204
    assert (await stranger.get("/api/v1/login")).status_code == 401


async def test_stolen_key_must_be_whole(stranger: httpx2.AsyncClient) -> None:
    stranger.cookies.set(COOKIE, "99999999999.00")
    assert (await stranger.get("/api/v1/login")).status_code == 401
