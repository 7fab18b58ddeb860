"""Signed links by way of a CDN: what they hold, and what is refused because they could not."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.gateway.api.house import House
from services.gateway.cdn.signer import CDNSigner
from tests.cloudfront import KEY_PAIR_ID, decode, make_key_pair, verifies
from tests.unit.services.gateway.conftest import (
    API_KEY,
    MemoryCatalog,
    client_of,
    house_of,
    settings_of,
)

LINKS = "/api/v1/streams/cam/cdn-links"
SIGNED = {"view_policy": "signed", "is_cdn_allowed": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys")
    make_key_pair(made)
    return made


@pytest.fixture
def house(folder: Path, tmp_path: Path) -> House:
    settings = settings_of(
        cdn_url="https://media.example.com",
        cdn_key_pair_id=KEY_PAIR_ID,
        cdn_private_key_file=folder / "private.pem",
        cdn_cookie_domain="example.com",
    )
    made = house_of(settings, tmp_path)
    made.cdn = CDNSigner.of(settings)
    return made


@pytest.fixture
async def known(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """A client, and a signed stream `cam` that may go through a CDN."""
    async with client_of(house, **{"x-api-key": API_KEY}) as client:
        assert (await client.post("/api/v1/streams", json={"id": "cam"})).status_code == 201
        allow(house, **SIGNED)
        yield client


def allow(house: House, **more: Any) -> None:
    assert isinstance(house.catalog, MemoryCatalog)
    streams = house.catalog.streams
    streams["cam"] = streams["cam"].model_copy(update=more)


async def test_link_opens_the_streams_folder(
    known: httpx2.AsyncClient, folder: Path, tmp_path: Path
) -> None:
    now = int(time.time())
    wanted = {"expires_in_s": 60, "starts_in_s": 10, "address": "192.0.2.7/24"}
    made = await known.post(LINKS, json=wanted)
    assert made.status_code == 201
    link = made.json()
    cookies = link["cookies"]
    text = decode(cookies["CloudFront-Policy"])
    signature = decode(cookies["CloudFront-Signature"])
    assert verifies(folder / "public.pem", text, signature, tmp_path)
    [statement] = json.loads(text)["Statement"]
    assert statement["Resource"] == "https://media.example.com/cam/*"
    condition = statement["Condition"]
    assert condition["IpAddress"] == {"AWS:SourceIp": "192.0.2.0/24"}
    until = condition["DateLessThan"]["AWS:EpochTime"]
    since = condition["DateGreaterThan"]["AWS:EpochTime"]
    assert until - since == 50
    assert 0 <= until - now - 60 <= 5

    assert cookies["CloudFront-Key-Pair-Id"] == KEY_PAIR_ID
    assert link["folder"] == "https://media.example.com/cam/"
    assert link["playback"]["hls"] == "https://media.example.com/cam/live.m3u8"
    query = "&".join(f"{name.removeprefix('CloudFront-')}={each}" for name, each in cookies.items())
    assert link["query"] == query
    signed = f"https://media.example.com/cam/manifest.mpd?{query}"
    assert link["signed_playback"]["dash"] == signed
    where = "Domain=example.com; Path=/cam/; Secure; HttpOnly"
    assert link["set_cookies"] == [f"{name}={each}; {where}" for name, each in cookies.items()]


async def test_link_of_a_public_stream_needs_no_permission(
    known: httpx2.AsyncClient, house: House
) -> None:
    allow(house, view_policy="public", is_cdn_allowed=False)
    made = await known.post(LINKS, json={})
    assert made.status_code == 201
    condition = json.loads(decode(made.json()["cookies"]["CloudFront-Policy"]))["Statement"][0]
    assert list(condition["Condition"]) == ["DateLessThan"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("viewer", "anna"),
        ("referrers", ["example.com"]),
        ("max_players", 1),
        ("watermark", "anna"),
        ("watermark", {"lines": ["anna"]}),
    ],
)
async def test_what_a_cdn_cannot_hold_is_refused(
    known: httpx2.AsyncClient, name: str, value: Any
) -> None:
    refused = await known.post(LINKS, json={name: value})
    assert (refused.status_code, refused.json()["code"]) == (422, "cdn_claim_impossible")
    assert f"`{name}`" in refused.json()["detail"]
    assert "/viewer-tokens" in refused.json()["detail"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"address": "2001:db8::1"},
        {"address": "nowhere"},
        {"expires_in_s": 86_401},
        {"expires_in_s": 0},
        {"starts_in_s": -1},
        {"starts_in_s": 60, "expires_in_s": 60},
        {"delivery": "cdn"},
    ],
)
async def test_senseless_wishes_are_refused(
    known: httpx2.AsyncClient, wanted: dict[str, Any]
) -> None:
    assert (await known.post(LINKS, json=wanted)).status_code == 422


async def test_stream_must_allow_it(known: httpx2.AsyncClient, house: House) -> None:
    allow(house, is_cdn_allowed=False)
    refused = await known.post(LINKS, json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "cdn_not_allowed")
    assert "isCDNAllowed" in refused.json()["detail"]


async def test_without_a_cdn_there_are_no_links(known: httpx2.AsyncClient, house: House) -> None:
    house.cdn = None
    refused = await known.post(LINKS, json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "cdn_missing")
    assert "WEIR_CDN_URL" in refused.json()["detail"]
    other = "/api/v1/streams/none/cdn-links"
    assert (await known.post(other, json={})).status_code == 404
