"""Domains: what stands in the URLs that the API shows."""

from pathlib import Path

import httpx2
import pytest

from libs.events import CreateDomain, ListViewerKeys
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import API_KEY, client_of, house_of, settings_of


async def add(client: httpx2.AsyncClient, kind: str, url: str) -> str:
    body = {"kind": kind, "url": url, "is_default": True}
    made = await client.post("/api/v1/domains", json=body)
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/domains/{made.json()['id']}"
    return str(made.json()["id"])


async def test_without_domains_urls_are_those_of_the_settings(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/api/v1/domains")).json()
    assert listed == {"domains": [], "push": "rtmp://push.test", "pull": "http://weir.test"}


async def test_default_domains_stand_in_all_urls_of_a_stream(
    client: httpx2.AsyncClient, house: House
) -> None:
    house.viewing.keys_learnt(await house.catalog.ask(ListViewerKeys(tenant="default")))
    await add(client, "push", "rtmp://in.example.org:1940")
    await add(client, "pull", "https://live.example.org")
    stream = (await client.post("/api/v1/streams", json={"id": "cam"})).json()
    assert stream["push"]["server"] == "rtmp://in.example.org:1940/stream"
    assert stream["push"]["url"].startswith("rtmp://in.example.org:1940/stream/cam?sign=")
    assert stream["playback"]["watch"] == "https://live.example.org/watch/cam"
    assert stream["playback"]["hls"] == "https://live.example.org/cam/live.m3u8"
    assert stream["playback"]["rtmp"] == "rtmp://in.example.org:1940/stream/cam"
    for shown in (
        (await client.get("/api/v1/streams")).json()["streams"][0],
        (await client.get("/api/v1/streams/cam")).json(),
        (await client.patch("/api/v1/streams/cam", json={"title": ""})).json(),
    ):
        assert (shown["push"], shown["playback"]) == (stream["push"], stream["playback"])
    assert (await client.get("/api/v1/login")).json()["push_server"] == stream["push"]["server"]
    link = (await client.post("/api/v1/streams/cam/viewer-tokens", json={})).json()
    assert link["playback"]["watch"].startswith("https://live.example.org/~")


async def test_other_domain_takes_over_and_the_settings_after_its_end(
    client: httpx2.AsyncClient,
) -> None:
    first = await add(client, "pull", "https://a.example.org")
    second = await add(client, "pull", "https://b.example.org")
    assert (await client.get("/api/v1/domains")).json()["pull"] == "https://b.example.org"
    await client.patch(f"/api/v1/domains/{first}", json={"is_default": True})
    listed = (await client.get("/api/v1/domains")).json()
    assert listed["pull"] == "https://a.example.org"
    assert {each["id"]: each["is_default"] for each in listed["domains"]} == {
        first: True,
        second: False,
    }
    assert (await client.delete(f"/api/v1/domains/{first}")).status_code == 204
    assert (await client.get("/api/v1/domains")).json()["pull"] == "http://weir.test"


@pytest.mark.parametrize(
    ("push", "secure"),
    [
        ("rtmp://in.example.org", "rtmps://in.example.org:1938"),
        ("rtmp://[2001:db8::1]:1940", "rtmps://[2001:db8::1]:1938"),
        ("rtmps://in.example.org", "rtmps://in.example.org"),
    ],
)
async def test_secure_push_is_on_the_same_domain(tmp_path: Path, push: str, secure: str) -> None:
    house = house_of(settings_of(rtmps_public_url="rtmps://push.test:1938/"), tmp_path)
    await house.catalog.ask(CreateDomain(tenant="default", kind="push", url=push, is_default=True))
    async with client_of(house, **{"x-api-key": API_KEY}) as client:
        stream = (await client.post("/api/v1/streams", json={"id": "cam"})).json()
    assert stream["push"]["url"].startswith(f"{push}/stream/cam?sign=")
    assert stream["push"]["secure_url"].startswith(f"{secure}/stream/cam?sign=")


@pytest.mark.parametrize(
    "body",
    [{}, {"kind": "push"}, {"kind": "both", "url": "rtmp://a"}, {"kind": "pull", "url": ""}],
)
async def test_body_that_says_no_domain_is_refused(
    client: httpx2.AsyncClient, body: dict[str, str]
) -> None:
    assert (await client.post("/api/v1/domains", json=body)).status_code == 422


async def test_unknown_domain_is_404(client: httpx2.AsyncClient) -> None:
    path = "/api/v1/domains/domain-00000000000000ff"
    assert (await client.patch(path, json={})).status_code == 404
    assert (await client.delete(path)).status_code == 404
