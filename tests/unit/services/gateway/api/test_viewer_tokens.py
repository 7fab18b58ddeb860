"""Minting signed links, and taking them back."""

import time
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from libs.events import ListViewerKeys, RevokeViewers
from libs.events.viewer_marks import MarkClaim
from libs.signing import read_viewer
from services.gateway.api.house import House

TOKENS = "/api/v1/streams/cam/viewer-tokens"


@pytest.fixture
async def known(client: httpx2.AsyncClient, house: House) -> httpx2.AsyncClient:
    """A client, a stream `cam` and the keys."""
    assert (await client.post("/api/v1/streams", json={"id": "cam"})).status_code == 201
    house.viewing.keys_learnt(await house.catalog.ask(ListViewerKeys(tenant="default")))
    return client


async def test_link_holds_what_was_asked_for(known: httpx2.AsyncClient, house: House) -> None:
    wanted = {
        "expires_in_s": 60,
        "viewer": "张三",
        "address": "192.0.2.7/24",
        "referrers": ["Example.com", "*.example.org", "none"],
        "max_players": 2,
        "watermark": "张三",
    }
    before = int(time.time())
    made = await known.post(TOKENS, json=wanted)

    assert made.status_code == 201
    body = made.json()
    claims = read_viewer(body["token"], house.viewing.keys.by_id)
    assert claims.token_id == body["token_id"]
    assert 0 <= claims.expires_at_s - before - 60 <= 5
    assert (claims.subject, claims.kind, claims.viewer) == ("cam", "stream", "张三")
    assert (claims.address, claims.max_sessions) == ("192.0.2.0/24", 2)
    assert claims.referrers == ("example.com", "*.example.org", "none")
    assert MarkClaim.read(claims.watermark) == MarkClaim(lines=("张三",))
    playback = body["playback"]
    assert playback["hls"] == f"http://weir.test/~{body['token']}/cam/live.m3u8"
    assert playback["pages"]["flv"] == f"http://weir.test/~{body['token']}/cam/flv.html"
    assert playback["rtmp"].endswith(f"/cam?token={body['token']}")


async def test_own_link_is_short_and_names_who_asks(
    known: httpx2.AsyncClient, house: House
) -> None:
    made = await known.post(f"{TOKENS}/own")
    assert made.status_code == 201
    claims = read_viewer(made.json()["token"], house.viewing.keys.by_id)
    assert (claims.subject, claims.viewer) == ("cam", "settings")
    assert 0 < claims.expires_at_s - time.time() <= 3600


async def test_mark_of_a_link_says_by_itself_who_and_when(
    known: httpx2.AsyncClient, house: House
) -> None:
    cases: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
        ("anna", {"mode": "bursts", "is_moving": True}, ("anna",)),
        ("", {"opacity": 0.5}, ()),
    )
    for viewer, wanted, lines in cases:
        made = await known.post(TOKENS, json={"viewer": viewer, "watermark": wanted})
        assert made.status_code == 201
        claims = read_viewer(made.json()["token"], house.viewing.keys.by_id)
        claim = MarkClaim.read(claims.watermark)
        assert claim.lines[:-1] == lines
        assert abs(minutes(claim.lines[-1]) - time.time() / 60) <= 2
        assert claim.mode == wanted.get("mode", "every")
        assert claim.is_moving == ("mode" in wanted)


def minutes(text: str) -> float:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp() / 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires_in_s": 0},
        {"expires_in_s": 10**9},
        {"viewer": "a\nb"},
        {"viewer": "x" * 129},
        {"address": "192.0.2.300"},
        {"referrers": ["https://example.com"]},
        {"referrers": ["a b"]},
        {"referrers": [f"{'h' * 250}.test"] * 16},
        {"max_players": -1},
        {"watermark": "\x00"},
        {"watermark": {"lines": ["a\nb"]}},
        {"watermark": {"lines": ["a"] * 9}},
        {"watermark": {"lines": ["a"], "mode": "sometimes"}},
        {"watermark": {"lines": ["a"], "size": 9}},
        {"expires": 60},
    ],
)
async def test_claims_that_make_no_sense_are_422(
    known: httpx2.AsyncClient, wrong: dict[str, Any]
) -> None:
    refused = await known.post(TOKENS, json=wrong)

    assert refused.status_code == 422
    assert refused.json()["status"] == 422


async def test_link_to_an_unknown_stream_is_404_and_a_stranger_gets_none(
    known: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    path = "/api/v1/streams/none/viewer-tokens"
    assert (await known.post(path, json={})).status_code == 404
    assert (await stranger.post(TOKENS, json={})).status_code == 401
    assert (await stranger.post(f"{TOKENS}/revoke", json={"all": True})).status_code == 401
    assert (await stranger.post("/api/v1/viewer-keys/rotate")).status_code == 401


async def test_revocation_names_a_token_a_viewer_or_all(
    known: httpx2.AsyncClient, house: House
) -> None:
    made = (await known.post(TOKENS, json={"expires_in_s": 100})).json()
    for body in (
        {"token": made["token"]},
        {"token_id": made["token_id"]},
        {"viewer": "anna"},
        {"all": True},
    ):
        assert (await known.post(f"{TOKENS}/revoke", json=body)).status_code == 204

    asked = [ask for ask in house.catalog.asked if isinstance(ask, RevokeViewers)]  # type: ignore[attr-defined]
    assert [(ask.scope, ask.whom) for ask in asked] == [
        ("token", made["token_id"]),
        ("token", made["token_id"]),
        ("viewer", "anna"),
        ("stream", ""),
    ]
    assert asked[0].expires_at.timestamp() - time.time() < 102


@pytest.mark.parametrize(
    "body",
    [{}, {"all": True, "viewer": "anna"}, {"token": "x"}, {"token_id": "x"}, {"viewer": ""}],
)
async def test_revocation_of_nothing_is_422(
    known: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await known.post(f"{TOKENS}/revoke", json=body)).status_code == 422


async def test_keys_rotate_and_their_secrets_are_not_told(
    known: httpx2.AsyncClient, house: House
) -> None:
    listed = await known.get("/api/v1/viewer-keys")
    assert [key["id"] for key in listed.json()["keys"]] == ["k1"]
    token = (await known.post(TOKENS, json={})).json()["token"]

    rotated = await known.post("/api/v1/viewer-keys/rotate")

    assert [key["id"] for key in rotated.json()["keys"]] == ["k2", "k1"]
    assert "secret" not in rotated.text
    assert house.viewing.tokens.read(token) is not None
    await known.post("/api/v1/viewer-keys/rotate")
    assert house.viewing.tokens.read(token) is None
